/**
 * One element of a JSON file, put together from tokens: its key, and its value where that is wanted. A number that a
 * double does not hold is a string of its digits, as in every record.
 */
import type { Token } from 'stream-json/core/parser.js'
import { MOST_NESTED, numberSurvives } from '../value.ts'

/** An element that is through. */
export interface Element {
  /** the element itself, or its key member: text, or a number as it is written; undefined when it has none that could be a key */
  readonly key: string | undefined
  /** undefined where no value was wanted */
  readonly value: unknown
  /** what it is: object, array, string, number, true, false, null */
  readonly kind: string
  /** the name of a member that stands twice, so that one of them is lost */
  readonly twice: string | undefined
  /** its value is wanted, and is nested so deep that it could not be printed */
  readonly tooDeep: boolean
}

/** What a double holds without a closer look. */
const SAFE_NUMBER = /^[-\d.]{1,15}$/

type Container = unknown[] | Record<string, unknown>

export class ElementBuilder {
  readonly #keyPath: readonly string[]
  readonly #values: boolean
  #kind = ''
  #key: string | undefined
  #twice: string | undefined
  #tooDeep = false
  #value: unknown
  readonly #containers: Container[] = []
  /** the name of the member that is read in each of them; undefined in an array */
  readonly #names: (string | undefined)[] = []

  constructor(keyPath: readonly string[] | undefined, values: boolean) {
    this.#keyPath = keyPath ?? []
    this.#values = values
  }

  /** Takes the next token; true when the element is whole, which `finish` then gives. */
  take(token: Token): boolean {
    switch (token.name) {
      case 'startObject':
        return this.#open({}, 'object')
      case 'startArray':
        return this.#open([], 'array')
      case 'endObject':
      case 'endArray':
        this.#containers.pop()
        this.#names.pop()
        return this.#containers.length === 0
      case 'keyValue':
        return this.#name(token.value)
      case 'stringValue':
        return this.#scalar(token.value, 'string', token.value)
      case 'numberValue':
        return this.#scalar(exactNumber(token.value), 'number', token.value)
      case 'trueValue':
      case 'falseValue':
      case 'nullValue':
        return this.#scalar(token.value, String(token.value), undefined)
      default:
        return false
    }
  }

  finish(): Element {
    const element = { key: this.#key, value: this.#value, kind: this.#kind, twice: this.#twice, tooDeep: this.#tooDeep }
    this.#kind = ''
    this.#key = undefined
    this.#twice = undefined
    this.#tooDeep = false
    this.#value = undefined
    return element
  }

  #open(container: Container, kind: string): boolean {
    this.#put(container, kind)
    this.#containers.push(container)
    if (this.#values && this.#containers.length > MOST_NESTED) this.#tooDeep = true
    this.#names.push(undefined)
    return false
  }

  #name(name: string): boolean {
    const container = this.#containers.at(-1) as Record<string, unknown>
    this.#names[this.#names.length - 1] = name
    if (Object.hasOwn(container, name) && (this.#values || this.#isKey())) this.#twice ??= name
    return false
  }

  #scalar(value: unknown, kind: string, text: string | undefined): boolean {
    // An element that is no object is its own key, whatever member the others have it in.
    if (this.#containers.length === 0 || this.#isKey()) this.#key = text
    this.#put(value, kind)
    return this.#containers.length === 0
  }

  #isKey(): boolean {
    const last = this.#keyPath.length - 1
    return (
      this.#names.length === last + 1 &&
      this.#names[last] === this.#keyPath[last] &&
      this.#names.every((name, at) => name === this.#keyPath[at])
    )
  }

  #put(value: unknown, kind: string): void {
    const container = this.#containers.at(-1)
    if (container === undefined) {
      this.#kind = kind
      this.#value = value
    } else if (Array.isArray(container)) {
      if (this.#values) container.push(value)
    } else if (this.#values || this.#isKey()) {
      setMember(container, this.#names.at(-1) as string, value)
    }
  }
}

function setMember(container: Record<string, unknown>, name: string, value: unknown): void {
  if (name !== '__proto__') container[name] = value
  else Object.defineProperty(container, name, { value, enumerable: true, writable: true, configurable: true })
}

/** The number where a double holds it, else its digits. */
function exactNumber(text: string): number | string {
  return SAFE_NUMBER.test(text) || numberSurvives(text) ? Number(text) : text
}
