/** A record's own value as content that a store can write, exactly as it stands in the line. */
import type { Line } from '../record/line.ts'
import { memberText } from '../record/line.ts'
import type { Content } from './contract.ts'
import { plainContent } from './plain-content.ts'

/** The bytes of `value64`, the text of a string `value`, or the JSON text of any other `value`. */
export function valueContent(line: Line): Content {
  return plainContent(valueBytes(line))
}

function valueBytes({ record, text }: Line): Buffer {
  if (record.value64 !== undefined) return Buffer.from(record.value64, 'base64')
  return Buffer.from(typeof record.value === 'string' ? record.value : (memberText(text, 'value') ?? ''), 'utf8')
}
