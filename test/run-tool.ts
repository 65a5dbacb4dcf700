/**
 * Runs a tool of bin/ as its user does: a child process with arguments, stdin and environment. What it prints is held
 * against the record schema, unless the test says that no records are to be expected.
 */
import type { ChildProcess, SpawnOptions } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { expectRecords } from './record-schema.ts'

export const ROOT = fileURLToPath(new URL('../', import.meta.url))
export const BIN = `${ROOT}bin/`

export interface ToolInput {
  readonly args?: readonly string[]
  /** nothing at all when absent: an empty stdin that is no terminal */
  readonly stdin?: string | Uint8Array | Iterable<Uint8Array | string> | AsyncIterable<Uint8Array | string>
  /** added to the environment of the tests; undefined takes a variable out */
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly cwd?: string
  /** false for help and the like, whose stdout holds no records */
  readonly records?: boolean
}

export interface ToolRun {
  readonly stdout: string
  readonly stderr: string
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** Runs `bin/TOOL` to its end. Throws when a line of its stdout is no record. */
export async function runTool(tool: string, input: ToolInput = {}): Promise<ToolRun> {
  const run = await runCommand(BIN + tool, input)
  if (input.records !== false) expectRecords(run.stdout)
  return run
}

/** Tools with their arguments, each reading what the one before it has printed; what the last one prints. Each must end with 0. */
export async function runChain(
  tools: readonly (readonly [string, ...string[]])[],
  env: Record<string, string>,
): Promise<string> {
  let stdin = ''
  for (const [tool, ...args] of tools) {
    const run = await runTool(tool, { args, stdin, env })
    if (run.code !== 0) throw new Error(`${tool} ended with ${run.code}: ${run.stderr}`)
    stdin = run.stdout
  }
  return stdin
}

/** Runs a shell pipeline, with the tools of bin/ on the PATH. Its stdout is not held against the schema. */
export function runShell(script: string, input: ToolInput = {}): Promise<ToolRun> {
  return runCommand('bash', { ...input, args: ['-c', script, 'bash', ...(input.args ?? [])] })
}

/** A tool that is running; for tests that hold back its input or output, or send it signals. */
export function startTool(tool: string, input: ToolInput = {}, options: SpawnOptions = {}): ChildProcess {
  const child = spawn(BIN + tool, [...(input.args ?? [])], {
    cwd: input.cwd ?? ROOT,
    env: environment(input.env),
    ...options,
  })
  // A tool may end before it has read everything that the test has written.
  child.stdin?.on('error', allowClosed)
  return child
}

/** The records that a tool has printed. */
// biome-ignore lint/suspicious/noExplicitAny: a test reads whatever field it is about
export function recordsOf(run: { readonly stdout: string }): any[] {
  const lines = run.stdout.split('\n').filter((line) => line !== '')
  return lines.map((line) => JSON.parse(line))
}

/** How a child ended and what it has printed; call it before anything is awaited. */
export async function toEnd(child: ChildProcess): Promise<ToolRun> {
  const ended = once(child, 'close')
  const texts = [child.stdout, child.stderr].map(collect)
  const [code, signal] = await ended
  const [stdout = '', stderr = ''] = texts.map((chunks) => Buffer.concat(chunks).toString('utf8'))
  return { stdout, stderr, code, signal }
}

/** Runs any command to its end, with the tools of bin/ on its PATH. */
export async function runCommand(command: string, input: ToolInput): Promise<ToolRun> {
  const child = spawn(command, [...(input.args ?? [])], { cwd: input.cwd ?? ROOT, env: environment(input.env) })
  const ended = toEnd(child)
  const fed = pipeline(Readable.from(piecesOf(input.stdin)), child.stdin).catch(allowClosed)
  const run = await ended
  await fed
  return run
}

function piecesOf(stdin: ToolInput['stdin']): Iterable<Uint8Array | string> | AsyncIterable<Uint8Array | string> {
  if (stdin === undefined) return []
  return typeof stdin === 'string' || stdin instanceof Uint8Array ? [Buffer.from(stdin as string)] : stdin
}

/** A tool may end before it has read everything. */
function allowClosed(error: NodeJS.ErrnoException): void {
  if (!['EPIPE', 'ECONNRESET', 'ERR_STREAM_PREMATURE_CLOSE'].includes(error.code ?? '')) throw error
}

/** What whoever runs the tests may have set for tools of their own. */
const OWN_SETTINGS = /^(REDIS_URL|REDISCLI_AUTH|REKEY_FAULTS|AWS_.*|RCLONE_.*)$/

function environment(changes: ToolInput['env'] = {}): NodeJS.ProcessEnv {
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !OWN_SETTINGS.test(name)))
  return { ...inherited, PATH: `${BIN}:${process.env.PATH}`, ...changes }
}

function collect(stream: Readable | null): Buffer[] {
  const chunks: Buffer[] = []
  stream?.on('data', (chunk: Buffer) => chunks.push(chunk))
  return chunks
}
