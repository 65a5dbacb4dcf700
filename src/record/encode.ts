/** Batches of lines to bytes: one buffer a batch, every line ended by LF. */
import type { Line } from './line.ts'

export function encode(batch: readonly Line[]): Buffer {
  let text = ''
  for (const line of batch) text += `${line.text}\n`
  return Buffer.from(text, 'utf8')
}
