/**
 * Stdout with backpressure. A reader that has closed it is told by `closed`, never by a thrown error; a full disk by
 * `closed` too, and by an error at the end, so that what is in flight is still counted.
 * A file is written by our own hand: node's stream takes it for written when the disk took only a part.
 */
import { fstatSync, writeSync } from 'node:fs'
import { stdout } from 'node:process'
import { RekeyError } from '../record/errors.ts'

const STDOUT = 1

export class Output {
  /** aborted when the reader has gone, or the output is full */
  readonly closed: AbortSignal
  readonly #closing = new AbortController()
  readonly #isFile = fstatSync(STDOUT).isFile()
  #failure: RekeyError | undefined
  #resume = () => {}

  constructor() {
    this.closed = this.#closing.signal
    stdout.on('drain', () => this.#resume())
    stdout.on('error', (error: NodeJS.ErrnoException) => this.#close(error))
  }

  /** Resolves when more can be written; false when the output is closed or full. Keeps nothing of `bytes` then. */
  async write(bytes: Uint8Array): Promise<boolean> {
    if (this.closed.aborted) return false
    if (this.#isFile) this.#writeFile(bytes)
    // The stream takes what it is to wait for no drain for, so that is to be a copy.
    else if (!stdout.write(bytes.length < stdout.writableHighWaterMark ? Buffer.from(bytes) : bytes)) {
      await new Promise<void>((resolve) => {
        this.#resume = resolve
      })
    }
    return !this.closed.aborted
  }

  /** Resolves when everything has been handed to the reader; false when it has gone. Throws E_FULL when it cannot be written. */
  async flush(): Promise<boolean> {
    if (!this.closed.aborted && !this.#isFile) {
      await new Promise<void>((resolve) => void stdout.write('', () => resolve()))
    }
    if (this.#failure !== undefined) throw this.#failure
    return !this.closed.aborted
  }

  #writeFile(bytes: Uint8Array): void {
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(STDOUT, bytes, at)
    } catch (error) {
      this.#close(error as NodeJS.ErrnoException)
    }
  }

  #close(error: NodeJS.ErrnoException): void {
    if (error.code !== 'EPIPE') this.#failure ??= new RekeyError('E_FULL', `cannot write the output: ${error.message}`)
    this.#closing.abort()
    this.#resume()
  }
}
