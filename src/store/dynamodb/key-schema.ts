/**
 * A table's primary key, and keys as rekey has them: of a table with a partition key alone, its value — text as it is, a
 * number by its digits, binary by its bytes; of a table with a sort key too, a JSON object of both by attribute name, the
 * partition key first, without white space. Each primary key has exactly one such form. Pure.
 */
import { RekeyError } from '../../record/errors.ts'
import type { Key } from '../../record/key.ts'
import { keyBytes, keyOf, keyText } from '../../record/key.ts'
import type { AttributeValue, Item } from './attribute-value.ts'
import { canonicalNumber } from './number.ts'
import { attributeOf, plainOf } from './plain-value.ts'

export interface KeyAttribute {
  readonly name: string
  /** text, number, binary */
  readonly type: 'S' | 'N' | 'B'
}

export interface KeySchema {
  readonly partition: KeyAttribute
  readonly sort?: KeyAttribute
}

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html */
const MOST_PARTITION_BYTES = 2048
const MOST_SORT_BYTES = 1024

export function attributesIn({ partition, sort }: KeySchema): readonly KeyAttribute[] {
  return sort === undefined ? [partition] : [partition, sort]
}

export function keyNames(schema: KeySchema): readonly string[] {
  return attributesIn(schema).map(({ name }) => name)
}

/** The key of an item that holds the attributes of the primary key. */
export function keyOfItem(schema: KeySchema, item: Item): Key {
  const { partition, sort } = schema
  if (sort !== undefined) return jsonKey(schema, item)
  const value = item[partition.name] as AttributeValue
  return partition.type === 'B' ? keyOf(Buffer.from(value.B ?? [])) : ((value.S ?? value.N) as string)
}

/** Written out, for an object of two might turn their order round. */
function jsonKey(schema: KeySchema, item: Item): string {
  const members = attributesIn(schema).map(
    ({ name }) => `${JSON.stringify(name)}:${JSON.stringify(plainOf(item[name] as AttributeValue))}`,
  )
  return `{${members.join(',')}}`
}

/** The attributes of the primary key that a key stands for; E_NAME for a key that stands for none. */
export function keyAttributes(schema: KeySchema, key: Key): Item | RekeyError {
  try {
    return schema.sort === undefined ? partitionAttribute(schema.partition, key) : composite(schema, key)
  } catch (thrown) {
    return new RekeyError('E_NAME', `key ${shortText(key)}: ${(thrown as Error).message}`)
  }
}

/** A value that stands alone, as a single key or behind --partition. Throws what is wrong with it. */
export function partitionAttribute(attribute: KeyAttribute, key: Key): Item {
  const item = single(attribute, key)
  checkSize(attribute, item, MOST_PARTITION_BYTES)
  return item
}

function single({ name, type }: KeyAttribute, key: Key): Item {
  if (type === 'B') return { [name]: { B: new Uint8Array(keyBytes(key)) } }
  if (typeof key !== 'string') throw new Error(`it is not text, and ${JSON.stringify(name)} of this table is`)
  if (type === 'S') return { [name]: { S: key } }
  if (canonicalNumber(key) !== key)
    throw new Error(`${JSON.stringify(name)} is a number${spelling(canonicalNumber(key))}`)
  return { [name]: { N: key } }
}

function composite(schema: KeySchema, key: Key): Item {
  const form = `{${attributesIn(schema).map(({ name }) => `${JSON.stringify(name)}:…`)}}`
  const parsed = typeof key === 'string' ? objectIn(key) : undefined
  const attributes = attributesIn(schema)
  const isWhole = parsed !== undefined && Object.keys(parsed).length === attributes.length
  if (!isWhole || !attributes.every(({ name }) => Object.hasOwn(parsed, name)))
    throw new Error(`a key of this table is ${form}`)
  const item = Object.fromEntries(
    attributes.map((attribute) => [
      attribute.name,
      typed(attribute, (parsed as Record<string, unknown>)[attribute.name]),
    ]),
  )
  const canonical = jsonKey(schema, item)
  if (canonical !== key) throw new Error(`it is to be written as ${canonical}`)
  checkSize(schema.partition, item, MOST_PARTITION_BYTES)
  if (schema.sort !== undefined) checkSize(schema.sort, item, MOST_SORT_BYTES)
  return item
}

function typed({ name, type }: KeyAttribute, value: unknown): AttributeValue {
  const attribute = attributeOf(value, JSON.stringify(name))
  if (attribute[type] === undefined) throw new Error(`${JSON.stringify(name)} is ${TYPE_WORDS[type]}`)
  return attribute
}

const TYPE_WORDS = { S: 'text', N: 'a number', B: 'binary, {"$binary":"BASE64"}' } as const

function objectIn(text: string): object | undefined {
  try {
    const parsed: unknown = JSON.parse(text)
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? parsed : undefined
  } catch {
    return undefined
  }
}

function checkSize({ name }: KeyAttribute, item: Item, most: number): void {
  const { S, B } = item[name] as AttributeValue
  const bytes = S === undefined ? B?.byteLength : Buffer.byteLength(S)
  if (bytes === 0) throw new Error(`${JSON.stringify(name)} is empty, which no key may be`)
  if (bytes !== undefined && bytes > most)
    throw new Error(`${JSON.stringify(name)} has ${bytes} bytes, and may have ${most}`)
}

function spelling(canonical: string | undefined): string {
  return canonical === undefined ? '' : ` and is to be written as ${canonical}`
}

function shortText(key: Key): string {
  const text = keyText(key)
  return text.length > 200 ? `${text.slice(0, 200)}…` : text
}
