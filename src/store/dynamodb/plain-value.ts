/**
 * Attribute values as plain JSON and back. Strings, booleans, null, lists and maps are themselves, and so are numbers that
 * a double holds and prints as they are. All else is an object with one member that says what it is:
 *
 *     {"$number":"12345678901234567890"}   {"$binary":"AP8="}
 *     {"$stringSet":["a","b"]}             {"$numberSet":["1","2.5"]}   {"$binarySet":["AP8="]}
 *     {"$map":{"$number":"x"}}             a map that would be taken for one of these
 *
 * Members of maps and sets are in order, so that equal values have one text. Pure.
 */
import { RekeyError } from '../../record/errors.ts'
import type { AttributeValue, Item } from './attribute-value.ts'
import { canonicalNumber, isPlain } from './number.ts'

export type Plain = string | number | boolean | null | readonly Plain[] | { readonly [name: string]: Plain }

/** The attributes of an item, or members of a map, by their names in order. No marks: an item is always a map. */
export function plainMembers(item: Item): { readonly [name: string]: Plain } {
  return Object.fromEntries(
    Object.keys(item)
      .sort()
      .map((name) => [name, plainOf(item[name] as AttributeValue)]),
  )
}

export function plainOf(value: AttributeValue): Plain {
  if (value.S !== undefined) return value.S
  if (value.N !== undefined) return plainNumber(value.N)
  if (value.BOOL !== undefined) return value.BOOL
  if (value.NULL !== undefined) return null
  if (value.M !== undefined) return plainMap(value.M)
  if (value.L !== undefined) return value.L.map(plainOf)
  if (value.B !== undefined) return { $binary: base64(value.B) }
  if (value.SS !== undefined) return { $stringSet: value.SS.toSorted() }
  if (value.NS !== undefined) return { $numberSet: value.NS.toSorted() }
  if (value.BS !== undefined) return { $binarySet: value.BS.map(base64).sort() }
  throw new RekeyError('E_STORE', `DynamoDB has sent a value of a type that rekey does not know: ${typeNameOf(value)}`)
}

/** Throws E_TYPE, naming the place, for what no item can hold. */
export function attributesOf(members: object, place = 'the item'): Item {
  return Object.fromEntries(
    Object.entries(members).map(([name, value]) => [name, attributeOf(value, `${place}, attribute ${quoted(name)}`)]),
  )
}

export function attributeOf(value: unknown, place: string): AttributeValue {
  if (typeof value === 'string') return { S: value }
  if (typeof value === 'number') return { N: numberAt(String(value), place) }
  if (typeof value === 'boolean') return { BOOL: value }
  if (value === null) return { NULL: true }
  if (Array.isArray(value)) return { L: value.map((one, at) => attributeOf(one, `${place}[${at}]`)) }
  if (typeof value !== 'object') throw unfit(place, `${typeof value} is no JSON`)
  const [mark, ...others] = Object.keys(value)
  const read = mark !== undefined && others.length === 0 && Object.hasOwn(MARKS, mark) ? MARKS[mark] : undefined
  if (read === undefined) return { M: attributesOf(value, place) }
  return read((value as Record<string, unknown>)[mark as string], `${place}, ${mark}`)
}

type Reader = (marked: unknown, place: string) => AttributeValue

const MARKS: Readonly<Record<string, Reader>> = {
  $number: (marked, place) => ({ N: numberAt(marked, place) }),
  $binary: (marked, place) => ({ B: bytesAt(marked, place) }),
  $stringSet: (marked, place) => ({ SS: setAt(marked, place, textAt) }),
  $numberSet: (marked, place) => ({ NS: setAt(marked, place, numberAt) }),
  $binarySet: (marked, place) => ({ BS: setAt(marked, place, bytesAt) }),
  $map(marked, place) {
    if (typeof marked !== 'object' || marked === null || Array.isArray(marked)) throw unfit(place, 'takes an object')
    return { M: attributesOf(marked, place) }
  },
}

export function plainNumber(text: string): Plain {
  return isPlain(text) ? Number(text) : { $number: text }
}

function plainMap(map: Item): Plain {
  const plain = plainMembers(map)
  const [name, ...others] = Object.keys(plain)
  const isMistakable = name !== undefined && others.length === 0 && Object.hasOwn(MARKS, name)
  return isMistakable ? { $map: plain } : plain
}

function textAt(value: unknown, place: string): string {
  if (typeof value === 'string') return value
  throw unfit(place, 'takes text')
}

function numberAt(value: unknown, place: string): string {
  const number = typeof value === 'string' ? canonicalNumber(value) : undefined
  if (number !== undefined) return number
  throw unfit(place, `${JSON.stringify(value)} is no number of up to 38 digits, as DynamoDB holds them`)
}

function bytesAt(value: unknown, place: string): Uint8Array {
  const bytes = typeof value === 'string' ? Buffer.from(value, 'base64') : undefined
  if (bytes !== undefined && bytes.toString('base64') === value) return new Uint8Array(bytes)
  throw unfit(place, 'takes base64, padded with =')
}

function setAt<T>(value: unknown, place: string, read: (one: unknown, place: string) => T): T[] {
  if (!Array.isArray(value) || value.length === 0) throw unfit(place, 'takes a list of one or more')
  return value.map((one) => read(one, place))
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}

function unfit(place: string, problem: string): RekeyError {
  return new RekeyError('E_TYPE', `${place}: ${problem}`)
}

function typeNameOf(value: AttributeValue): string {
  const names = value.$unknown === undefined ? Object.keys(value) : [value.$unknown[0]]
  return names.join(', ') || 'none'
}

function quoted(name: string): string {
  return JSON.stringify(name.length > 60 ? `${name.slice(0, 60)}…` : name)
}
