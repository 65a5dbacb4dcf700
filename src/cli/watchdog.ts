/**
 * A process beside this one that kills what this one has started: in time, also while this one is stopped, and at once
 * when this one has ended, whatever ended it. It is in a process group of its own, so that no signal from a terminal
 * reaches it.
 */
import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { execPath } from 'node:process'
import { asUptime } from './steady.ts'

/**
 * Reads `GROUP UPTIME` a line: that group is killed when the machine has been up so many seconds; `GROUP -` is not. What
 * there is to watch from the beginning are its arguments, in the same words by turns.
 */
const PROGRAM = `
const { uptime } = require('node:os')
const groups = new Map()
for (let at = 1; at < process.argv.length; at += 2) groups.set(Number(process.argv[at]), Number(process.argv[at + 1]))
const kill = (group) => { groups.delete(group); try { process.kill(-group, 'SIGKILL') } catch { /* it has ended */ } }
const look = () => { for (const [group, end] of groups) if (uptime() >= end) kill(group) }
const looking = setInterval(look, 50)
require('node:readline').createInterface(process.stdin)
  .on('line', (line) => {
    const [group, end] = line.split(' ')
    if (end === '-') groups.delete(Number(group))
    else groups.set(Number(group), Number(end))
  })
  .on('close', () => { for (const group of [...groups.keys()]) kill(group); clearInterval(looking) })
`

export class Watchdog {
  #process: ChildProcess | undefined
  readonly #groups = new Map<number, string>()

  /** Sees to it that it runs; what is watched afterwards is watched at once. */
  start(): void {
    this.#process ??= this.#spawn()
  }

  /** From now on the group is killed at this time of the steady clock. */
  watch(group: number, endsAtMs: number): void {
    this.#groups.set(group, asUptime(endsAtMs).toFixed(3))
    this.#say(group)
  }

  forget(group: number): void {
    this.#groups.delete(group)
    this.#say(group)
  }

  close(): void {
    this.#groups.clear()
    this.#process?.stdin?.end()
  }

  #say(group: number): void {
    if (this.#process === undefined) this.start()
    else this.#process.stdin?.write(`${group} ${this.#groups.get(group) ?? '-'}\n`)
  }

  /** Where somebody ends it while there is something to watch, another takes its place. */
  #spawn(): ChildProcess {
    const child = start([...this.#groups].flat().map(String))
    child.on('exit', () => {
      this.#process = this.#groups.size > 0 ? this.#spawn() : undefined
    })
    return child
  }
}

/** What is to be watched is given at once: this process may end before it can write. */
function start(watched: readonly string[]): ChildProcess {
  const child = spawn(execPath, ['-e', PROGRAM, ...watched], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] })
  child.on('error', () => {})
  child.stdin?.on('error', () => {})
  child.unref()
  return child
}
