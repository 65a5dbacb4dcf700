/** The tools, each loaded only when it is the one that runs. */
import type { Tool } from '../stage/tool.ts'

// biome-ignore lint/suspicious/noExplicitAny: each tool has its own type of options, which only the tool itself reads
export type AnyTool = Tool<any>

export const TOOLS: Readonly<Record<string, () => Promise<AnyTool>>> = {
  'list-keys': async () => (await import('../list/list-keys.ts')).listKeys,
  'rewrite-keys': async () => (await import('../transform/rewrite-keys.ts')).rewriteKeys,
  'subtract-keys': async () => (await import('../transform/subtract-keys.ts')).subtractKeys,
  'shard-keys': async () => (await import('../transform/shard-keys.ts')).shardKeys,
  'copy-apply': async () => (await import('../apply/copy-apply.ts')).copyApply,
  'run-parts': async () => (await import('../apply/run-parts.ts')).runParts,
  verify: async () => (await import('../verify/verify.ts')).verify,
  'delete-apply': async () => (await import('../apply/delete-apply.ts')).deleteApply,
  'track-progress': async () => (await import('../apply/track-progress.ts')).trackProgress,
  'watch-progress': async () => (await import('../verify/watch-progress.ts')).watchProgress,
}
