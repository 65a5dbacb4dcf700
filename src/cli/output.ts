/**
 * Stdout with backpressure. A reader that has closed it is told by `closed`, never by a thrown error.
 * A file is written by our own hand: node's stream takes it for written when the disk took only a part.
 */
import { fstatSync, writeSync } from 'node:fs'
import { stdout } from 'node:process'
import { RekeyError } from '../record/errors.ts'

const STDOUT = 1

export class Output {
  /** aborted when the reader has gone */
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

  /**
   * Resolves when more can be written; false when the output is closed. Throws E_FULL when it cannot be written. Keeps
   * nothing of `bytes` then.
   */
  async write(bytes: Uint8Array): Promise<boolean> {
    if (this.closed.aborted) return this.#isOpen()
    if (this.#isFile) this.#writeFile(bytes)
    // The stream takes what it is to wait for no drain for, so that is to be a copy.
    else if (!stdout.write(bytes.length < stdout.writableHighWaterMark ? Buffer.from(bytes) : bytes)) {
      await new Promise<void>((resolve) => {
        this.#resume = resolve
      })
    }
    return this.#isOpen()
  }

  /** Resolves when everything has been handed to the reader; false when it could not be. */
  async flush(): Promise<boolean> {
    if (!this.closed.aborted && !this.#isFile) {
      await new Promise<void>((resolve) => void stdout.write('', () => resolve()))
    }
    return this.#isOpen()
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

  #isOpen(): boolean {
    if (this.#failure !== undefined) throw this.#failure
    return !this.closed.aborted
  }
}
