/** An application that goes on changing jobs while they are copied: a connection of its own, 50 jobs a second. */
import type { Redis } from 'ioredis'

const PAUSE_MS = 20

export class Writer {
  /** the fields that each changed key was last given */
  readonly changes = new Map<string, Readonly<Record<string, string>>>()
  readonly #client: Redis
  readonly #pick: () => string
  #timer: NodeJS.Timeout | undefined
  #last: Promise<unknown> = Promise.resolve()
  #failure: unknown
  #version = 0

  /** `pick` names the key that is changed next. */
  constructor(client: Redis, pick: () => string) {
    this.#client = client
    this.#pick = pick
  }

  start(): void {
    this.#timer = setInterval(() => void this.change(this.#pick()), PAUSE_MS)
  }

  /** Resolves when the key is changed. */
  change(key: string): Promise<unknown> {
    const fields = { retry_count: String(++this.#version), started_at: new Date().toISOString(), status: 'in_progress' }
    this.changes.set(key, fields)
    this.#last = this.#client.hset(key, fields).catch((error) => {
      this.#failure = error
    })
    return this.#last
  }

  /** Resolves once so many keys more have been changed. */
  async untilMore(count: number): Promise<void> {
    const target = this.#version + count
    while (this.#version < target) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
  }

  /** Resolves when the last change is made; throws what has gone wrong. */
  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#last
    if (this.#failure !== undefined) throw this.#failure
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.#last
    this.#client.disconnect()
  }
}
