/** The work of delete-apply on the stream. Holds the batches in flight. */
import type { Line } from '../record/line.ts'
import { setFields } from '../record/line.ts'
import { KeyLimit } from '../stage/key-limit.ts'
import { parallel } from '../stage/parallel.ts'
import type { Context, Stage } from '../stage/stage.ts'
import type { StoreGroup } from '../stage/store-groups.ts'
import { StoreGroups } from '../stage/store-groups.ts'
import type { RemovalWork } from './delete-job.ts'
import { removeGroup } from './delete-job.ts'
import type { Side } from './deletion.ts'
import { deletionOf } from './deletion.ts'
import { settle } from './settle.ts'
import type { Settlement } from './work.ts'

export interface DeleteOptions {
  readonly dryRun: boolean
  readonly side: Side
  readonly concurrency: number | undefined
  readonly ratePerSecond: number | undefined
  readonly retries: number
}

export function deleteStage(options: DeleteOptions): Stage {
  return async function* (batches, context) {
    const limit = new KeyLimit(options.concurrency)
    const groups = worksOf(batches, options.side, limit, context)
    yield* parallel(
      groups,
      () => limit.batches,
      context.stop,
      async (group) => {
        if ('passing' in group) return group.passing
        const started = context.now()
        const settlements = await removeGroup(group, options, context)
        const ended = context.now()
        const stamp = { ms: ended - started, at: new Date(ended).toISOString() }
        return group.items.map(({ line }, at) =>
          settle(line, settlements[at] as Settlement, stamp, { deleted: options.side }),
        )
      },
    )
  }
}

async function* worksOf(
  batches: AsyncIterable<readonly Line[]>,
  side: Side,
  limit: KeyLimit,
  context: Context,
): AsyncGenerator<StoreGroup<RemovalWork> | { readonly passing: readonly Line[] }> {
  for await (const batch of batches) {
    const passing: Line[] = []
    const groups = new StoreGroups<RemovalWork>()
    for (const line of batch) {
      const deletion = deletionOf(line.record, side)
      if (deletion.kind === 'remove') {
        groups.add({ line, removal: deletion }, deletion.store, deletion.witness?.store ?? deletion.store)
        continue
      }
      if (deletion.kind === 'skip') setFields(line, { outcome: 'skipped', reason: deletion.reason, error: undefined })
      passing.push(line)
    }
    yield* groups.open(
      context,
      (dest) => limit.sizeFor(dest),
      (works, error) => {
        for (const { line } of works)
          setFields(line, { outcome: 'failed', reason: undefined, error: error.toFailure() })
        passing.push(...works.map((work) => work.line))
      },
    )
    if (passing.length > 0) yield { passing }
  }
}
