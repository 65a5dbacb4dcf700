/** The content of a file as a record holds it. */
import { readFileSync } from 'node:fs'
import type { Key } from '../../record/key.ts'
import { keyText } from '../../record/key.ts'
import type { Value } from '../contract.ts'
import { recordValue } from '../value.ts'
import { fsError } from './fs-error.ts'
import type { Path } from './key-path.ts'
import { lookAt } from './look.ts'
import type { Tree } from './tree.ts'

/** As base64 still within the 16 MiB of a line. */
const MAX_VALUE_BYTES = 8 * 1024 * 1024

/** Nothing, and a warning, where the content is too long for a line or may not be read. */
export function readValue(tree: Tree, path: Path, key: Key): { readonly value?: Value } {
  try {
    const sizeBytes = lookAt(path)?.size ?? 0
    if (sizeBytes > MAX_VALUE_BYTES) {
      tree.warn(`key ${keyText(key)}: listed without its value, ${sizeBytes} bytes are too many for a line`)
      return {}
    }
    return { value: recordValue(readFileSync(path)) }
  } catch (error) {
    tree.warn(`listed without its value: ${fsError(error, key).message}`)
    return {}
  }
}
