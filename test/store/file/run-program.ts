/** Runs a program of programs/ as a process of its own, for what only a second process can do. */
import type { ChildProcess } from 'node:child_process'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { execPath } from 'node:process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { newDirectory } from './directory.ts'

/** The path of a program, bundled so that node runs it. */
export async function bundleProgram(name: string): Promise<string> {
  const outfile = `${newDirectory()}/${name}.mjs`
  const entryPoints = [fileURLToPath(new URL(`programs/${name}.ts`, import.meta.url))]
  await build({ entryPoints, outfile, bundle: true, platform: 'node', format: 'esm', target: 'node20' })
  return outfile
}

/** A program that is running, and the JSON lines that it prints. */
export interface Running {
  readonly child: ChildProcess
  /** the next line, undefined at the end */
  line(): Promise<unknown>
  say(line: string): void
}

export function startProgram(path: string, args: readonly string[]): Running {
  const child = spawn(execPath, [path, ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  return {
    child,
    async line() {
      const { value, done } = await lines.next()
      return done ? undefined : JSON.parse(value)
    },
    say: (line) => void child.stdin.write(`${line}\n`),
  }
}

export async function killHard({ child }: Running): Promise<void> {
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}

/** Runs a shell script to its end; `$@` is node, the program and its arguments. Gives the JSON that it prints. */
export function runInShell(script: string, path: string, args: readonly string[]): unknown {
  const run = spawnSync('sh', ['-c', script, 'sh', execPath, path, ...args], { encoding: 'utf8' })
  if (run.status !== 0) throw new Error(`exit ${run.status} ${run.signal}: ${run.stderr}`)
  return JSON.parse(run.stdout)
}
