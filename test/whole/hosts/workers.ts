/** Workers on this host and on hosts that are reached by ssh, started anew when they have been killed. */
import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { killNow } from '../../kill-now.ts'
import type { ToolRun } from '../../run-tool.ts'
import { BIN, toEnd } from '../../run-tool.ts'

const HOLDER = fileURLToPath(new URL('holder.sh', import.meta.url))

export interface Run extends ToolRun {
  readonly worker: string
  readonly wasKilled: boolean
}

export interface Fleet {
  /** by name: what comes before run-parts, the way to its host; and the environment there that is not set there */
  readonly ways: Readonly<Record<string, readonly string[]>>
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly redis: string
  readonly rate: number
}

export class Workers {
  readonly #fleet: Fleet
  readonly #running = new Map<string, ChildProcess>()
  /** workers whose end is not their own, which are started again */
  readonly #killed = new Set<string>()
  readonly #dead = new Set<number>()
  readonly #runs: Promise<Run>[] = []

  constructor(fleet: Fleet) {
    this.#fleet = fleet
    for (const worker of Object.keys(fleet.ways)) this.#start(worker)
  }

  /** Ends a worker as kill -9 does, by the process of its run-parts; it is started again, as a scheduler does it. */
  kill(worker: string, pid: number): void {
    this.#killed.add(worker)
    this.#dead.add(pid)
    killNow(pid)
  }

  /** Whether the worker runs, and its run-parts is this process. */
  isRunning(worker: string, pid: number): boolean {
    return this.#running.has(worker) && !this.#dead.has(pid)
  }

  /** How each run of each worker has ended, when none is left. */
  async toEnd(): Promise<readonly Run[]> {
    const runs: Run[] = []
    for (let next = this.#runs.shift(); next !== undefined; next = this.#runs.shift()) runs.push(await next)
    return runs
  }

  killAll(): void {
    for (const child of this.#running.values()) child.kill('SIGKILL')
  }

  #start(worker: string): void {
    const { ways, args, env, redis, rate } = this.#fleet
    const words = [`${BIN}run-parts`, ...args, '--', 'sh', HOLDER, redis, worker, String(rate)]
    const [command = '', ...rest] = [...(ways[worker] ?? []), ...words]
    const child = spawn(command, rest, {
      env: { ...process.env, PATH: `${BIN}:${process.env.PATH}`, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#running.set(worker, child)
    this.#runs.push(this.#follow(worker, child))
  }

  async #follow(worker: string, child: ChildProcess): Promise<Run> {
    const run = await toEnd(child)
    this.#running.delete(worker)
    const wasKilled = this.#killed.delete(worker)
    if (wasKilled) this.#start(worker)
    return { ...run, worker, wasKilled }
  }
}
