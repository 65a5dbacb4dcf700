/**
 * Guesses how keys are spread, from those seen: which letters stand at which place. By that it tells how much of a
 * range is left and where its middle is, as text that may stand in a request. A guess costs a request when it is wrong,
 * never a key. Holds the letters seen at each place of a key.
 */

/** Letters beyond these add nothing to a guess. */
const PLACES_COUNTED = 12
/** Keys looked at of each page. */
const SAMPLES = 24

export class KeySpace {
  readonly #prefix: string
  readonly #seen: Array<Set<number>> = []
  readonly #alphabets: Array<readonly number[] | undefined> = []

  /** All keys begin with `prefix`. */
  constructor(prefix: string) {
    this.#prefix = prefix
  }

  observe(keys: readonly string[]): void {
    const step = Math.max(1, Math.floor(keys.length / SAMPLES))
    for (let at = 0; at < keys.length; at += step) this.#observe(this.#letters(keys[at] as string))
    if (keys.length > 0) this.#observe(this.#letters(keys.at(-1) as string))
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
   * Where to cut what lies behind `last`, the nearest first, at most `most` places, each between `last` and `end`. The
   * page that ended with `last` began with `first`: where all its keys share a long beginning the range may end with
   * that beginning, so a ladder of ever wider steps is tried; else the middle.
   */
  cuts(first: string, last: string, end: string | undefined, most: number): string[] {
    const to = this.#letters(last)
    const limit = end === undefined ? undefined : this.#letters(end)
    const from = limit === undefined ? 0 : common(to, limit)
    const shared = common(this.#letters(first), to)
    const cuts = shared >= from + 2 ? this.#ladder(to, from, shared) : [this.#middle(to, limit, from)]
    const fit = cuts.filter((cut) => cut !== undefined && isBetween(to, cut, limit)) as number[][]
    const step = Math.max(1, fit.length / most)
    const chosen = fit.filter((_, at) => Math.floor(at / step) !== Math.floor((at - 1) / step)).slice(0, most)
    return chosen.map((cut) => this.#prefix + String.fromCodePoint(...cut))
  }

  /** Behind all keys that share the first `place` letters with `to` and have the same letter there; for each place. */
  #ladder(to: readonly number[], from: number, shared: number): number[][] {
    const steps: number[][] = []
    for (let place = Math.min(shared, to.length - 1); place >= from; place--) {
      const alphabet = this.#alphabet(place)
      const next = alphabet[rank(alphabet, (to[place] as number) + 1)]
      if (next !== undefined) steps.push([...to.slice(0, place), next])
    }
    return steps
  }

  #middle(to: readonly number[], limit: readonly number[] | undefined, from: number): number[] | undefined {
    const low = this.#fraction(to, from)
    const high = limit === undefined ? 1 : this.#fraction(limit, from)
    let rest = (low + high) / 2
    if (!(rest > low)) return undefined
    const cut = to.slice(0, from)
    for (let place = from; place < from + PLACES_COUNTED; place++) {
      const alphabet = this.#alphabet(place)
      const nth = Math.min(alphabet.length - 1, Math.floor(rest * alphabet.length))
      cut.push(alphabet[nth] as number)
      if (isBetween(to, cut, limit)) return cut
      rest = rest * alphabet.length - nth
    }
    return undefined
  }

  /** Where among all keys that share what stands before `from` a key lies, 0 to 1. */
  #fraction(letters: readonly number[], from: number): number {
    let fraction = 0
    let scale = 1
    for (let place = from; place < Math.min(letters.length, from + PLACES_COUNTED); place++) {
      const alphabet = this.#alphabet(place)
      const letter = letters[place] as number
      const nth = rank(alphabet, letter)
      scale /= alphabet.length
      fraction += nth * scale
      if (alphabet[nth] !== letter) break
    }
    return fraction
  }

  #alphabet(place: number): readonly number[] {
    const known = this.#alphabets[place]
    if (known !== undefined) return known
    const alphabet = grown(this.#seen[place] ?? new Set())
    this.#alphabets[place] = alphabet
    return alphabet
  }

  #observe(letters: readonly number[]): void {
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
function grown(seen: ReadonlySet<number>): number[] {
  if (seen.size === 0) return [...DIGITS, ...SMALL]
  const all = new Set(seen)
  const add = (letters: readonly number[]) => {
    for (const letter of letters) all.add(letter)
  }
  const hasDigit = DIGITS.some((digit) => seen.has(digit))
  const small = SMALL.filter((letter) => seen.has(letter))
  if (hasDigit) add(DIGITS)
  if (small.length > 0) add(hasDigit && small.every((letter) => HEX.includes(letter)) ? HEX : SMALL)
  if (LARGE.some((letter) => seen.has(letter))) add(LARGE)
  return [...all].sort((one, other) => one - other)
}

function lettersOf(text: string): readonly number[] {
  return [...text].map((letter) => letter.codePointAt(0) as number)
}

/** How many letters of the alphabet come before this one. */
function rank(alphabet: readonly number[], letter: number): number {
  let low = 0
  let high = alphabet.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((alphabet[middle] as number) < letter) low = middle + 1
    else high = middle
  }
  return low
}

function common(one: readonly number[], other: readonly number[]): number {
  let at = 0
  while (at < one.length && at < other.length && one[at] === other[at]) at++
  return at
}

function isBetween(low: readonly number[], middle: readonly number[], high: readonly number[] | undefined): boolean {
  return before(low, middle) && (high === undefined || before(middle, high))
}

/** By code points, which order as UTF-8 bytes do. */
function before(one: readonly number[], other: readonly number[]): boolean {
  const at = common(one, other)
  return at === one.length ? at < other.length : at < other.length && (one[at] as number) < (other[at] as number)
}
