/** What a Redis server has carried out, in its order, as MONITOR tells it: who began to work on what, and each copy. */
import { EventEmitter, once } from 'node:events'
import { connect } from 'node:net'
import { createInterface } from 'node:readline'
import type { Redis } from 'ioredis'

/** A command that began to work on a part, or has stopped the run-parts that started it. */
export interface Note {
  readonly kind: 'start' | 'stop'
  readonly part: string
  readonly token: number
  readonly worker: string
  /** of the run-parts, and of the command */
  readonly pid: number
  readonly command: number
}

export interface Copy {
  readonly kind: 'copy'
  readonly key: string
  /** the connection it came by: no two processes share one */
  readonly client: string
}

const LINE = /^\+\d+\.\d+ \[\d+ (\S+)\] "(COPY|RPUSH|echo)" "([^"]*)"(?: "([^"]*)")?/

export class RedisLog {
  readonly events: (Note | Copy)[] = []
  copies = 0
  readonly #socket
  readonly #changes = new EventEmitter()
  #ends = 0

  private constructor(port: number) {
    this.#socket = connect(port, '127.0.0.1')
    createInterface(this.#socket).on('line', (line) => this.#note(line))
  }

  static async open(port: number): Promise<RedisLog> {
    const log = new RedisLog(port)
    log.#socket.write('MONITOR\r\n')
    await once(log.#socket, 'data')
    return log
  }

  get notes(): readonly Note[] {
    return this.events.filter((event) => event.kind !== 'copy')
  }

  /** Resolves when it holds; asked at each event. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await once(this.#changes, 'change')
  }

  /** Resolves when all that has been carried out until now is here. */
  async caughtUp(redis: Redis): Promise<void> {
    const ends = this.#ends
    await redis.echo('caught up')
    await this.until(() => this.#ends > ends)
  }

  close(): void {
    this.#socket.destroy()
  }

  #note(line: string): void {
    const [, client = '', verb, first = '', second = ''] = LINE.exec(line) ?? []
    if (verb === 'COPY') {
      this.events.push({ kind: 'copy', key: first, client })
      this.copies++
    } else if (verb === 'RPUSH' && first === 'notes') {
      const [kind, part = '', token, worker = '', pid, command] = second.split(' ')
      const numbers = { token: Number(token), pid: Number(pid), command: Number(command) }
      this.events.push({ kind: kind === 'stop' ? kind : 'start', part, worker, ...numbers })
    } else if (verb === 'echo') this.#ends++
    else return
    this.#changes.emit('change')
  }
}
