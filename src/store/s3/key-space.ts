/**
 * Guesses how keys are spread, from those seen: which letters stand at which place. By that it tells how much of a
 * range is left and where its middle is, as text that may stand in a request. A guess costs a request when it is wrong,
 * never a key. Holds the letters seen at each place of a key.
 */

/** Letters beyond these add nothing to a guess. */
const PLACES_COUNTED = 12
/** Steps of a ladder, near and far. */
const STEPS = 6

/** A place to cut at, and how many pages there may be from there to the next. */
export interface Cut {
  readonly key: string
  readonly pages: number
}

/** A key by its code points. */
type Letters = readonly number[]

export class KeySpace {
  readonly #prefix: string
  readonly #seen: Array<Set<number>> = []
  readonly #alphabets: Array<Letters | undefined> = []

  /** All keys begin with `prefix`. */
  constructor(prefix: string) {
    this.#prefix = prefix
  }

  /** Some keys of a page. */
  observe(keys: readonly string[]): void {
    for (const key of keys) this.#observe(this.#letters(key))
  }

  /**
   * How many pages a range still holds behind `last`, if its keys are spread as those of the page from `first` to `last`;
   * `end` undefined for all that have the prefix.
   */
  pagesLeft(first: string, last: string, end: string | undefined): number {
    const to = this.#letters(last)
    const limit = end === undefined ? undefined : this.#letters(end)
    const from = limit === undefined ? 0 : common(to, limit)
    const at = this.#fraction(to, from)
    const left = (limit === undefined ? 1 : this.#fraction(limit, from)) - at
    const span = at - this.#fraction(this.#letters(first), from)
    if (left <= 0) return 0
    return span <= 0 ? Number.POSITIVE_INFINITY : left / span
  }

  /**
   * Where to cut what lies between `last` and `end`, nearest first. The page that ended with `last` began with `first`:
   * where all its keys share a long beginning the range may end with that beginning, so a ladder of ever wider steps is
   * tried; else it is cut into so many pieces of about one size. Empty where nothing is between.
   */
  cuts(first: string, last: string, end: string | undefined, pieces: number): Cut[] {
    const to = this.#letters(last)
    const limit = end === undefined ? undefined : this.#letters(end)
    const from = limit === undefined ? 0 : common(to, limit)
    const shared = common(this.#letters(first), to)
    const cuts = shared >= from + 2 ? this.#ladder(to, limit, from, shared) : this.#spread(to, limit, from, pieces)
    const span = this.#fraction(to, from) - this.#fraction(this.#letters(first), from)
    return cuts.map((cut, at) => {
      const next = cuts[at + 1] ?? limit
      const width = (next === undefined ? 1 : this.#fraction(next, from)) - this.#fraction(cut, from)
      return {
        key: this.#prefix + String.fromCodePoint(...cut),
        pages: span <= 0 ? Number.POSITIVE_INFINITY : width / span,
      }
    })
  }

  /** Behind all keys that share the first `place` letters with `to` and have the same letter there; for each place. */
  #ladder(to: Letters, limit: Letters | undefined, from: number, shared: number): Letters[] {
    const steps: Letters[] = []
    for (let place = Math.min(shared, to.length - 1); place >= from; place--) {
      const alphabet = this.#alphabet(place)
      const next = alphabet[rank(alphabet, (to[place] as number) + 1)]
      if (next === undefined) continue
      const step = [...to.slice(0, place), next]
      if (isBetween(to, step, limit)) steps.push(step)
    }
    const each = Math.max(1, steps.length / STEPS)
    return steps.filter((_, at) => Math.floor(at / each) !== Math.floor((at - 1) / each))
  }

  #spread(to: Letters, limit: Letters | undefined, from: number, pieces: number): Letters[] {
    const low = this.#fraction(to, from)
    const high = limit === undefined ? 1 : this.#fraction(limit, from)
    const cuts: Letters[] = []
    for (let nth = 1; nth < pieces && high > low; nth++) {
      const cut = this.#at(low + ((high - low) * nth) / pieces, cuts.at(-1) ?? to, limit, from)
      if (cut !== undefined) cuts.push(cut)
    }
    return cuts
  }

  /** The shortest text at that fraction of what shares the first `from` letters, if it is between the two. */
  #at(fraction: number, low: Letters, high: Letters | undefined, from: number): Letters | undefined {
    let rest = fraction
    const cut = low.slice(0, from)
    for (let place = from; place < from + PLACES_COUNTED; place++) {
      const alphabet = this.#alphabet(place)
      // No key goes on here: there is nothing between.
      if (alphabet.length === 0) return undefined
      const nth = Math.min(alphabet.length - 1, Math.floor(rest * alphabet.length))
      cut.push(alphabet[nth] as number)
      if (isBetween(low, cut, high)) return cut
      rest = rest * alphabet.length - nth
    }
    return undefined
  }

  /** Where among all keys that share what stands before `from` a key lies, 0 to 1. */
  #fraction(letters: Letters, from: number): number {
    let fraction = 0
    let scale = 1
    for (let place = from; place < Math.min(letters.length, from + PLACES_COUNTED); place++) {
      const alphabet = this.#alphabet(place)
      const letter = letters[place] as number
      if (alphabet.length === 0) break
      const nth = rank(alphabet, letter)
      scale /= alphabet.length
      fraction += nth * scale
      if (alphabet[nth] !== letter) break
    }
    return fraction
  }

  #alphabet(place: number): Letters {
    const known = this.#alphabets[place]
    if (known !== undefined) return known
    const alphabet = grown(this.#seen[place] ?? new Set())
    this.#alphabets[place] = alphabet
    return alphabet
  }

  #observe(letters: Letters): void {
    for (const [place, letter] of letters.entries()) {
      this.#seen[place] ??= new Set()
      const seen = this.#seen[place]
      if (seen.has(letter)) continue
      seen.add(letter)
      this.#alphabets[place] = undefined
    }
  }

  #letters(key: string): number[] {
    const letters: number[] = []
    for (let at = this.#prefix.length; at < key.length; at++) {
      const letter = key.codePointAt(at) as number
      letters.push(letter)
      if (letter > 0xffff) at++
    }
    return letters
  }
}

const DIGITS = lettersOf('0123456789')
const HEX = lettersOf('abcdef')
const SMALL = lettersOf('abcdefghijklmnopqrstuvwxyz')
const LARGE = lettersOf('ABCDEFGHIJKLMNOPQRSTUVWXYZ')

/** The letters seen, with those that go with them: where a digit stands, the others may stand too. Sorted. */
function grown(seen: ReadonlySet<number>): Letters {
  const all = new Set(seen)
  const add = (letters: Letters) => {
    for (const letter of letters) all.add(letter)
  }
  const hasDigit = DIGITS.some((digit) => seen.has(digit))
  const small = SMALL.filter((letter) => seen.has(letter))
  if (hasDigit) add(DIGITS)
  if (small.length > 0) add(hasDigit && small.every((letter) => HEX.includes(letter)) ? HEX : SMALL)
  if (LARGE.some((letter) => seen.has(letter))) add(LARGE)
  return [...all].sort((one, other) => one - other)
}

function lettersOf(text: string): Letters {
  return [...text].map((letter) => letter.codePointAt(0) as number)
}

/** How many letters of the alphabet come before this one. */
function rank(alphabet: Letters, letter: number): number {
  let low = 0
  let high = alphabet.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((alphabet[middle] as number) < letter) low = middle + 1
    else high = middle
  }
  return low
}

function common(one: Letters, other: Letters): number {
  let at = 0
  while (at < one.length && at < other.length && one[at] === other[at]) at++
  return at
}

function isBetween(low: Letters, middle: Letters, high: Letters | undefined): boolean {
  return before(low, middle) && (high === undefined || before(middle, high))
}

/** By code points, which order as UTF-8 bytes do. */
function before(one: Letters, other: Letters): boolean {
  const at = common(one, other)
  return at === one.length ? at < other.length : at < other.length && (one[at] as number) < (other[at] as number)
}
