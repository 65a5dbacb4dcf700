/** Stdout with backpressure. A reader that has closed it is told by `closed`, never by a thrown error. */
import { stdout } from 'node:process'
import { RekeyError } from '../record/errors.ts'

export class Output {
  /** aborted when the reader has gone */
  readonly closed: AbortSignal
  readonly #closing = new AbortController()
  #failure: RekeyError | undefined
  #resume = () => {}

  constructor() {
    this.closed = this.#closing.signal
    stdout.on('drain', () => this.#resume())
    stdout.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') this.#failure = new RekeyError('E_FULL', `cannot write the output: ${error.message}`)
      this.#closing.abort()
      this.#resume()
    })
  }

  /** Resolves when more can be written; false when the output is closed. Throws E_FULL when it cannot be written. */
  async write(bytes: Uint8Array): Promise<boolean> {
    if (!this.closed.aborted && !stdout.write(bytes)) {
      await new Promise<void>((resolve) => {
        this.#resume = resolve
      })
    }
    return this.#isOpen()
  }

  /** Resolves when everything has been handed to the reader; false when it could not be. */
  async flush(): Promise<boolean> {
    if (!this.closed.aborted) await new Promise<void>((resolve) => void stdout.write('', () => resolve()))
    return this.#isOpen()
  }

  #isOpen(): boolean {
    if (this.#failure !== undefined) throw this.#failure
    return !this.closed.aborted
  }
}
