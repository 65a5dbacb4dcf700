/**
 * Writes rows beside the stream, which never waits for it. One round of writes at a time; a row is made when its turn comes,
 * so that the newest counts are written. A store that fails is told about once, and once when it is well again.
 */
import type { RekeyError } from '../../record/errors.ts'
import { toRekeyError } from '../../record/errors.ts'
import type { Context } from '../../stage/stage.ts'
import type { Store } from '../../store/contract.ts'

export interface Rows<Row> {
  open(): Promise<Store>
  /** takes those that are to be written now */
  due(): readonly Row[]
  write(store: Store, row: Row, signal: AbortSignal): Promise<void>
  /** a row that is to be written in a later round */
  keep(row: Row): void
}

/** Rows that are written at once: a round of many takes no longer than it must, and leaves the stream its share. */
const ROWS_AT_ONCE = 8

export class Publisher<Row> {
  readonly #rows: Rows<Row>
  readonly #context: Context
  #round: Promise<void> | undefined
  #isFailing = false
  #onWritten = () => {}
  readonly #told = new Set<string>()

  constructor(rows: Rows<Row>, context: Context) {
    this.#rows = rows
    this.#context = context
  }

  /** Begins a round, unless one goes on: its rows are then written by the next. */
  publish(): void {
    if (this.#round !== undefined) return
    this.#round = this.#write(this.#context.abort).finally(() => {
      this.#round = undefined
    })
  }

  /** One more round behind the one that goes on; gives up, with a warning, when no row was written for so long. */
  async finish(patienceMs: number): Promise<void> {
    const over = new AbortController()
    const hasGivenUp = new Promise<void>((resolve) => over.signal.addEventListener('abort', () => resolve()))
    // A store that hangs does not keep the process alive, and this does.
    const timer = setTimeout(() => over.abort(), patienceMs)
    this.#onWritten = () => void timer.refresh()
    const last = (async () => {
      await this.#round
      await this.#write(AbortSignal.any([this.#context.abort, over.signal]))
    })()
    await Promise.race([last, hasGivenUp])
    clearTimeout(timer)
    const left = this.#rows.due().length
    if (over.signal.aborted) this.#context.warn(`the last progress is not written: no answer in ${patienceMs / 1000} s`)
    else if (left > 0)
      this.#context.warn(`the last progress is not written, of ${left === 1 ? 'one row' : `${left} rows`}`)
  }

  /** Never throws. */
  async #write(signal: AbortSignal): Promise<void> {
    const due = this.#rows.due()
    if (due.length === 0) return
    let failure: RekeyError | undefined
    try {
      const store = await this.#rows.open()
      await inTurn(due, ROWS_AT_ONCE, async (row) => {
        const error = failure ?? (await this.#writeRow(store, row, signal))
        if (error === undefined) return
        this.#rows.keep(row)
        failure = error
      })
    } catch (thrown) {
      failure = toRekeyError(thrown)
      for (const row of due) this.#rows.keep(row)
    }
    this.#say(failure)
  }

  /** The error of a store that may be well later; what is wrong with a row alone is told once a kind. */
  async #writeRow(store: Store, row: Row, signal: AbortSignal): Promise<RekeyError | undefined> {
    try {
      await this.#rows.write(store, row, signal)
      this.#onWritten()
      return undefined
    } catch (thrown) {
      const error = toRekeyError(thrown)
      if (!isOfTheRow(error)) return error
      if (!this.#told.has(error.code))
        this.#context.warn(`a row of progress is left out: ${error.code}: ${error.message}`)
      this.#told.add(error.code)
      return undefined
    }
  }

  #say(failure: RekeyError | undefined): void {
    if (failure !== undefined && !this.#isFailing) {
      const { code, message } = failure
      this.#context.warn(`progress is not written: ${code}: ${message}; the records go on, and it is tried again`)
    }
    if (failure === undefined && this.#isFailing) this.#context.tell('progress is written again')
    this.#isFailing = failure !== undefined
  }
}

/** Works through the items, so many at once. */
async function inTurn<T>(items: readonly T[], atOnce: number, work: (item: T) => Promise<void>): Promise<void> {
  let next = 0
  const worker = async () => {
    while (next < items.length) await work(items[next++] as T)
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker))
}

function isOfTheRow({ code }: RekeyError): boolean {
  return ['E_NAME', 'E_TYPE', 'E_TOO_LARGE', 'E_CHANGED', 'E_BLOCKED', 'E_OUTSIDE', 'E_FIELD'].includes(code)
}
