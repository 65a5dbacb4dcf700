/** Digests of items, their keys left out, so that an item and its copy under another key have the same. Pure. */
import { createHash } from 'node:crypto'
import type { Item } from './attribute-value.ts'
import { itemText } from './item-json.ts'
import type { KeySchema } from './key-schema.ts'
import { keyNames } from './key-schema.ts'

export class ItemDigests {
  readonly #names: readonly string[]
  /** `dynamodb-1a2b3c4d:`; tables whose keys have other names make another kind, for they leave out other attributes */
  readonly prefix: string

  constructor(schema: KeySchema) {
    this.#names = keyNames(schema)
    this.prefix = `dynamodb-${sha256(JSON.stringify(this.#names)).slice(0, 8)}:`
  }

  /** SHA-256 over the names of the key's attributes and the canonical JSON of all others. */
  of(item: Item): string {
    return this.prefix + this.#hex(item)
  }

  /** The same, shorter: names the content among those that its key has had. */
  etag(item: Item): string {
    return this.#hex(item).slice(0, 32)
  }

  #hex(item: Item): string {
    const rest = { ...item }
    for (const name of this.#names) delete rest[name]
    return sha256(`${JSON.stringify(this.#names)}${itemText(rest)}`)
  }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
