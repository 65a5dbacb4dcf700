/** Items as JSON text, as records and other stores have them, and back. Pure but for the reading of a content. */
import { isUtf8 } from 'node:buffer'
import { RekeyError } from '../../record/errors.ts'
import type { Key } from '../../record/key.ts'
import { keyText } from '../../record/key.ts'
import type { Content } from '../contract.ts'
import { plainContent } from '../plain-content.ts'
import type { Item } from './attribute-value.ts'
import { parseExactly } from './json-text.ts'
import { attributesOf, plainMembers } from './plain-value.ts'

/** No item, whose 400 KB may be written with six characters for one, has a longer text. */
const LONGEST_BYTES = 4 * 1024 * 1024

/** The whole item; the same text for equal items. */
export function itemText(item: Item): string {
  return JSON.stringify(plainMembers(item))
}

/** The whole item as content: JSON. */
export function contentOf(item: Item): Content {
  return plainContent(Buffer.from(itemText(item)))
}

/**
 * The item that a content is, with all the attributes that its JSON object has. Throws E_TYPE for content that is no JSON
 * object, or one that no item can hold, E_TOO_LARGE, and whatever the source throws.
 */
export async function itemIn(key: Key, content: Content): Promise<Item> {
  if (content.form !== 'plain')
    throw new RekeyError('E_TYPE', `key ${keyText(key)}: a table holds JSON objects and cannot hold a ${content.form}`)
  const bytes = await collected(key, content)
  if (!isUtf8(bytes))
    throw new RekeyError('E_TYPE', `key ${keyText(key)}: its content is not UTF-8, and a table holds JSON objects`)
  const value = parseExactly(bytes.toString('utf8'))
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    const message = `key ${keyText(key)}: its content is no JSON object with each member once, and a table holds nothing else`
    throw new RekeyError('E_TYPE', message)
  }
  // Written, it could not be read back, and so not be proven.
  if (Object.hasOwn(value, '__proto__'))
    throw new RekeyError(
      'E_TYPE',
      `key ${keyText(key)}: it has an attribute called __proto__, which cannot be read back`,
    )
  return attributesOf(value, `key ${keyText(key)}`)
}

async function collected(key: Key, { body, sizeBytes = 0 }: Content): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  const check = (length: number) => {
    if (length > LONGEST_BYTES)
      throw new RekeyError('E_TOO_LARGE', `key ${keyText(key)}: ${length} bytes or more; an item may have 400 KB`)
  }
  check(sizeBytes)
  for await (const chunk of body()) {
    bytes += chunk.length
    check(bytes)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
