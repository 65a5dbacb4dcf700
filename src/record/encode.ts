/** Batches of lines to bytes, every line ended by LF. One buffer for all: what a batch came to holds until the next one. */
import type { Line } from './line.ts'

/** how many bytes of UTF-8 a character takes at most */
const MAX_CHAR_BYTES = 3

export class Encoder {
  #bytes = Buffer.alloc(0)

  encode(batch: readonly Line[]): Buffer {
    let text = ''
    for (const line of batch) text += `${line.text}\n`
    if (this.#bytes.length < text.length * MAX_CHAR_BYTES) {
      this.#bytes = Buffer.allocUnsafeSlow(text.length * MAX_CHAR_BYTES * 2)
    }
    return this.#bytes.subarray(0, this.#bytes.write(text, 'utf8'))
  }
}
