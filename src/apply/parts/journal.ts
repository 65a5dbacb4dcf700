/**
 * The journal of a part while its command runs. Whole lines are kept for the finished journal, and go every few seconds
 * as a segment beside the parts, from which the next holder goes on when this one dies. A segment is named after the token
 * of the lease, so that no holder can write over another's. Holds up to 8 MiB.
 */
import type { OpenRecord } from '../../record/deciding.ts'
import { decode } from '../../record/decode.ts'
import type { Context } from '../../stage/stage.ts'
import type { Lease } from '../../store/lease/held.ts'
import { onePiece } from '../../store/plain-content.ts'
import type { Accounts } from './accounts.ts'
import { KeptBytes } from './kept-bytes.ts'
import type { PartPlace, PartState } from './place.ts'

const SEGMENT_BYTES = 1024 * 1024
const MOST_WAITING_BYTES = 4 * SEGMENT_BYTES
/** How long a line may stand here alone: short at first, longer in a long run, which would make many segments. */
const FIRST_WAIT_MS = 1_000
const LONGEST_WAIT_MS = 10_000
const NEWLINE = 0x0a

export class Journal {
  readonly #place: PartPlace
  readonly #lease: Lease
  readonly #part: string
  readonly #lines: KeptBytes
  readonly #failed = new AbortController()
  /** pieces of the line that is not complete yet */
  #rest: Uint8Array[] = []
  #waiting: Uint8Array[] = []
  #waitingBytes = 0
  #waitMs = FIRST_WAIT_MS
  #timer: NodeJS.Timeout | undefined
  #nth = 0
  #hasTaken = false
  #flushing: Promise<void> = Promise.resolve()
  #failure: unknown

  constructor(place: PartPlace, part: string, lease: Lease, context: Context) {
    this.#place = place
    this.#part = part
    this.#lease = lease
    this.#lines = new KeptBytes(() => context.scratch())
  }

  /** Aborted when a segment could not be written. */
  get failed(): AbortSignal {
    return this.#failed.signal
  }

  /** Whether the command has printed anything. */
  get hasTaken(): boolean {
    return this.#hasTaken
  }

  /** how many segments may have been written */
  get segments(): number {
    return this.#nth
  }

  /** The descriptor of a file of what earlier holders have left; undefined when that is nothing. */
  async descriptor(): Promise<number | undefined> {
    return this.#lines.isEmpty ? undefined : (await this.#lines.file()).descriptor
  }

  /** Takes over what earlier holders have left: of each record the first line, and of none a second; no plans. */
  async restore({ segments, name }: PartState, accounts: Accounts): Promise<void> {
    for (const { token, nth } of segments) {
      const chunks = await this.#place.read(this.#place.keyOf({ name, kind: 'segment', token, nth }))
      if (chunks === undefined) continue
      for await (const batch of decode(chunks)) {
        const settled = batch.filter((line) => settles(line.open ?? line.record, accounts))
        const texts = settled.map(({ text }) => text)
        if (texts.length > 0) await this.#lines.append(Buffer.from(`${texts.join('\n')}\n`))
      }
    }
  }

  /** Takes what the command prints, memory and all. Throws what kept a segment from being written. */
  async write(chunk: Uint8Array): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure
    this.#hasTaken = true
    const cut = chunk.lastIndexOf(NEWLINE) + 1
    if (cut > 0) {
      await this.#take([...this.#rest, chunk.subarray(0, cut)])
      this.#rest = []
    }
    if (cut < chunk.length) this.#rest.push(chunk.subarray(cut))
    if (this.#waitingBytes >= MOST_WAITING_BYTES) await this.flush()
    else if (this.#waitingBytes >= SEGMENT_BYTES) void this.flush().catch(() => {})
  }

  /**
   * The command has ended. When it has ended well, a last line without its newline counts, and what waits gets no segment
   * unless it is flushed: mostly the finished journal comes next.
   */
  async end(endedWell: boolean): Promise<void> {
    if (endedWell && this.#rest.length > 0) await this.#take([...this.#rest, Buffer.of(NEWLINE)])
    this.#rest = []
    if (!endedWell) return await this.flush()
    clearTimeout(this.#timer)
    this.#timer = undefined
    await this.#flushing
  }

  /** Writes what waits. Nothing once the lease is lost. Throws what kept it from being written. */
  flush(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#flushing = this.#flushing.then(() => this.#writeSegments())
    return this.#flushing
  }

  /** All lines, to be read any number of times. */
  stream(): AsyncIterable<Uint8Array> {
    return this.#lines.stream()
  }

  close(): void {
    clearTimeout(this.#timer)
    this.#lines.close()
  }

  /** Whole lines, in pieces. */
  async #take(pieces: readonly Uint8Array[]): Promise<void> {
    this.#waiting.push(...pieces)
    for (const { length } of pieces) this.#waitingBytes += length
    this.#timer ??= setTimeout(() => void this.flush().catch(() => {}), this.#waitMs)
    for (const piece of pieces) await this.#lines.append(piece)
  }

  async #writeSegments(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure
    while (this.#waitingBytes > 0 && this.#lease.isHeld) {
      const bytes = Buffer.concat(this.#waiting)
      this.#waiting = []
      this.#waitingBytes = 0
      this.#waitMs = Math.min(this.#waitMs * 1.5, LONGEST_WAIT_MS)
      try {
        await this.#writeSegment(bytes)
      } catch (thrown) {
        this.#failure = thrown
        this.#failed.abort()
        throw thrown
      }
    }
  }

  /** Under the next free number: one that is there is of a try that was not answered, and does no harm. */
  async #writeSegment(bytes: Buffer): Promise<void> {
    const { token } = this.#lease
    for (;;) {
      const key = this.#place.keyOf({ name: this.#part, kind: 'segment', token, nth: ++this.#nth })
      if (await this.#place.create(key, { body: () => onePiece(bytes), sizeBytes: bytes.length })) return
      if (!this.#lease.isHeld) return
    }
  }
}

function settles(record: OpenRecord, accounts: Accounts): boolean {
  return record.outcome !== 'planned' && accounts.settle(record)
}
