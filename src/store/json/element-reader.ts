/** The elements of a JSON file out of its tokens. Holds the element that is not whole yet. */
import type { Token } from 'stream-json/core/parser.js'
import { RekeyError } from '../../record/errors.ts'
import type { Element } from './element.ts'
import { ElementBuilder } from './element.ts'
import { fragmentOf } from './location.ts'
import type { Shape } from './shape.ts'

export interface Reading {
  readonly shape: Shape
  readonly keyPath: readonly string[] | undefined
  /** the file, for messages */
  readonly path: string
  /** whether the elements' values are wanted */
  readonly values: boolean
}

export class ElementReader {
  readonly #file: string
  readonly #path: readonly string[] | undefined
  readonly #builder: ElementBuilder
  /** in the element that is being read */
  #inside = false
  /** in the array whose values are the elements */
  #inArray = false
  #found = false
  /** how deep the token is, and how many of the objects around it lie on the way to the array */
  #depth = 0
  #onPath = 0
  #armed: boolean
  /** behind the beginning of the file's first value */
  #isBegun = false

  constructor({ shape, keyPath, values, path }: Reading) {
    this.#file = path
    this.#path = shape.kind === 'array' ? shape.path : undefined
    this.#armed = this.#path?.length === 0
    this.#builder = new ElementBuilder(keyPath, values)
  }

  /** Whether the array was there. */
  get found(): boolean {
    return this.#path === undefined || this.#found
  }

  /** The elements that these tokens complete. Throws E_LOCATION where the path does not lead to one array. */
  take(tokens: readonly Token[]): Element[] {
    const elements: Element[] = []
    for (const token of tokens) {
      if (this.#path !== undefined && !this.#inArray) this.#walk(token, this.#path)
      else if (this.#inArray && !this.#inside && token.name === 'endArray') this.#leaveArray()
      else {
        this.#inside = !this.#builder.take(token)
        if (!this.#inside) elements.push(this.#builder.finish())
      }
    }
    return elements
  }

  #leaveArray(): void {
    this.#inArray = false
    this.#depth--
  }

  /** Outside of the array: on the way to it, or behind it. */
  #walk(token: Token, path: readonly string[]): void {
    if (token.name === 'keyValue') {
      this.#armed = this.#depth === this.#onPath && token.value === path[this.#depth - 1]
      return
    }
    if (token.name === 'endObject' || token.name === 'endArray') {
      this.#depth--
      this.#onPath = Math.min(this.#onPath, this.#depth)
      return
    }
    if (this.#depth === 0 && this.#isBegun) throw this.#notThere('another value stands behind the first')
    this.#isBegun = true
    const isHere = this.#armed && this.#depth === path.length
    const isOnWay = this.#depth === 0 || this.#armed
    this.#armed = false
    if (isHere) this.#enterArray(token, path)
    else if (isOnWay && this.#onPath === this.#depth && this.#depth < path.length && token.name !== 'startObject') {
      throw this.#notThere(`${pathText(path.slice(0, this.#depth))} is ${kindOf(token)}, not an object`)
    } else if (token.name === 'startObject' && isOnWay && this.#onPath === this.#depth) this.#onPath++
    if (token.name === 'startObject' || token.name === 'startArray') this.#depth++
  }

  #enterArray(token: Token, path: readonly string[]): void {
    if (token.name !== 'startArray') throw this.#notThere(`${pathText(path)} is ${kindOf(token)}, not an array`)
    if (this.#found) throw this.#notThere(`${pathText(path)} stands twice`)
    this.#found = true
    this.#inArray = true
  }

  #notThere(problem: string): RekeyError {
    return new RekeyError('E_LOCATION', `${this.#file}: ${problem}`)
  }
}

/** What a message calls the place: `customers`, or the file's value. */
function pathText(path: readonly string[]): string {
  return path.length === 0 ? "the file's value" : fragmentOf(path)
}

const KINDS: Readonly<Record<string, string>> = {
  startObject: 'an object',
  startArray: 'an array',
  stringValue: 'text',
  numberValue: 'a number',
  trueValue: 'true',
  falseValue: 'false',
  nullValue: 'null',
}

function kindOf({ name }: Token): string {
  return KINDS[name] ?? name
}
