/**
 * The digests of small hashes, each from the bytes of an answer, without making an object of any field: they are
 * put in the order of canonical.ts as they stand there. Hashes of one kind have the same fields, so that each is first held
 * against the last one's field of its place. Holds the canonical form of one hash.
 */
import { hash } from 'node:crypto'
import { DIGEST_PREFIX } from './canonical.ts'

export const MAX_FIELDS = 128

const LF = 0x0a
const ZERO = 0x30
/** of a line: its kind before the number, CR and LF behind it */
const LINE_END_BYTES = 2
/** Texts up to here are copied byte by byte: for others Node makes a view of the part. */
const SHORT_BYTES = 128
const HEAD_BYTES = 5
/** Views are kept of forms that are shorter: hashes of one kind are about equally long. */
const VIEWS = 2048

/** Fields that come together. */
interface Kind {
  /** by their bytes */
  readonly names: readonly Buffer[]
  /** the place in `names` of each, by its bytes as latin1 */
  readonly places: ReadonlyMap<string, number>
  /** the place of each field of the last reply, in its order */
  readonly guesses: number[]
}

export class HashDigests {
  #form: Buffer = Buffer.alloc(0)
  #kind: Kind | undefined
  /** views of the beginning of it, by their length: to make one costs more than the digest */
  #views: Buffer[] = []
  /** start and end of each text of the reply, one after the other */
  readonly #spans = new Float64Array(4 * (MAX_FIELDS + 1))
  #spanCount = 0
  /** by the place of a field, which text its value is */
  readonly #values: number[] = []

  /**
   * The digest of the hash that stands in `bytes` as a whole reply, its fields and values in turn; undefined for none, and
   * for one of more than MAX_FIELDS fields.
   */
  digest(bytes: Buffer, start: number, end: number): string | undefined {
    this.#find(bytes, start, end)
    if (this.#spanCount === 0 || this.#spanCount > 4 * MAX_FIELDS) return undefined
    const kind = this.#kind !== undefined && this.#place(bytes, this.#kind) ? this.#kind : this.#learn(bytes)
    this.#makeRoom(end - start + HEAD_BYTES * (this.#spanCount + 2))
    return `${DIGEST_PREFIX}${hash('sha1', this.#view(this.#putForm(bytes, kind)), 'hex')}`
  }

  #makeRoom(bytes: number): void {
    if (this.#form.length >= bytes) return
    this.#form = Buffer.allocUnsafeSlow(2 * bytes)
    this.#views = []
  }

  #view(length: number): Buffer {
    const view = this.#views[length] ?? this.#form.subarray(0, length)
    if (length < VIEWS) this.#views[length] = view
    return view
  }

  /** Finds the texts of a reply, so far as they are of use. */
  #find(bytes: Buffer, start: number, end: number): void {
    const spans = this.#spans
    let count = 0
    let at = start
    while (bytes[at] !== LF) at++
    at++
    while (at < end && count < spans.length) {
      let length = 0
      for (at++; (bytes[at] as number) >= ZERO; at++) length = length * 10 + (bytes[at] as number) - ZERO
      at += LINE_END_BYTES
      spans[count++] = at
      at += length
      spans[count++] = at
      at += LINE_END_BYTES
    }
    this.#spanCount = count
  }

  /** Puts each value to its field's place; false when the fields are not those of the kind. */
  #place(bytes: Buffer, kind: Kind): boolean {
    const { names, guesses } = kind
    const spans = this.#spans
    if (this.#spanCount !== 4 * names.length) return false
    for (let nth = 0; nth < names.length; nth++) {
      const start = spans[4 * nth] as number
      const end = spans[4 * nth + 1] as number
      let place = guesses[nth] as number
      if (!isAt(bytes, start, end, names[place] as Buffer)) {
        const found = placeOf(bytes, start, end, kind)
        if (found === undefined) return false
        place = found
        guesses[nth] = place
      }
      this.#values[place] = 2 * nth + 1
    }
    return true
  }

  #learn(bytes: Buffer): Kind {
    const spans = this.#spans
    const fields = Array.from({ length: this.#spanCount / 4 }, (_, nth) => ({
      name: Buffer.from(bytes.subarray(spans[4 * nth], spans[4 * nth + 1])),
      nth,
    }))
    fields.sort((one, other) => Buffer.compare(one.name, other.name))
    const names = fields.map(({ name }) => name)
    const guesses: number[] = []
    fields.forEach(({ nth }, place) => {
      guesses[nth] = place
      this.#values[place] = 2 * nth + 1
    })
    this.#kind = { names, places: new Map(names.map((name, place) => [name.toString('latin1'), place])), guesses }
    return this.#kind
  }

  /** Writes the canonical form and gives its length. */
  #putForm(bytes: Buffer, { names }: Kind): number {
    const form = this.#form
    let at = putArrayHead(form, 0, 2 * names.length + 1)
    for (let place = 0; place < names.length; place++) {
      const name = names[place] as Buffer
      at = putText(form, at, name, 0, name.length)
      const value = 2 * (this.#values[place] as number)
      at = putText(form, at, bytes, this.#spans[value] as number, this.#spans[value + 1] as number)
    }
    return putText(form, at, TYPE, 0, TYPE.length)
  }
}

const TYPE = Buffer.from('hash')

/** A text is made only where there are many names: to go through a few is faster. */
function placeOf(bytes: Buffer, start: number, end: number, { names, places }: Kind): number | undefined {
  if (names.length > FEW_NAMES) return places.get(bytes.toString('latin1', start, end))
  for (let place = 0; place < names.length; place++) if (isAt(bytes, start, end, names[place] as Buffer)) return place
  return undefined
}

const FEW_NAMES = 24

function isAt(bytes: Buffer, start: number, end: number, text: Buffer): boolean {
  if (end - start !== text.length) return false
  for (let at = 0; at < text.length; at++) if (bytes[start + at] !== text[at]) return false
  return true
}

/** MessagePack, as canonical.ts writes it. */
function putArrayHead(into: Buffer, at: number, length: number): number {
  if (length < 16) return into.writeUInt8(0x90 | length, at)
  return into.writeUInt16BE(length, into.writeUInt8(0xdc, at))
}

function putText(into: Buffer, from: number, bytes: Buffer, start: number, end: number): number {
  const length = end - start
  let at = from
  if (length < 32) into[at++] = 0xa0 | length
  else if (length <= 0xff) {
    into[at++] = 0xd9
    into[at++] = length
  } else if (length <= 0xffff) at = into.writeUInt16BE(length, into.writeUInt8(0xda, at))
  else at = into.writeUInt32BE(length, into.writeUInt8(0xdb, at))
  if (length > SHORT_BYTES) bytes.copy(into, at, start, end)
  else for (let nth = 0; nth < length; nth++) into[at + nth] = bytes[start + nth] as number
  return at + length
}
