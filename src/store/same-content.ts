/** Whether two keys hold the same content, in one store or in two. Never trusts what a write has answered. */
import { RekeyError, toRekeyError } from '../record/errors.ts'
import type { Key } from '../record/key.ts'
import type { Proof } from '../record/record.ts'
import type { Checksums, Content, Digested, Pair, Store } from './contract.ts'

/**
 * The answer about one pair, how strong it is, and the digests by which the two can be recognised later: `toDigest`
 * where the two stores make different kinds.
 */
export type Compared =
  | { readonly same: true; readonly proof: Proof; readonly digest?: string; readonly toDigest?: string }
  | { readonly same: false; readonly proof: Proof }
  | RekeyError
  /** one of the two is absent */
  | undefined

/**
 * Compares by digests where both stores make the same kind, by checksums where both keep one of an algorithm, otherwise by
 * reading both. One answer per pair.
 */
export async function compareContents(
  source: Store,
  dest: Store,
  pairs: readonly Pair[],
  signal: AbortSignal,
): Promise<readonly Compared[]> {
  const [here, there] = await sureDigests(source, dest, pairs, signal)
  const compared = pairs.map((_, at) => compareDigests(here[at], there[at]))
  const open = pairs.filter((_, at) => compared[at] === 'not comparable')
  const byChecksum = await compareChecksums(source, dest, open, signal)
  return Promise.all(
    pairs.map(async (pair, at) => {
      const known = compared[at] === 'not comparable' ? byChecksum.get(pair) : compared[at]
      if (known !== undefined) return known
      const byBytes = await compareBytes(source, dest, pair, signal)
      return withDigests(byBytes, here[at], there[at])
    }),
  )
}

/** Compares by reading both sides whole, a chunk at a time. */
export async function compareBytes(source: Store, dest: Store, pair: Pair, signal: AbortSignal): Promise<Compared> {
  try {
    const [here, there] = await Promise.all([readOf(source, pair.from, signal), readOf(dest, pair.to, signal)])
    if (here === undefined || there === undefined) return undefined
    if (here.form !== there.form) return { same: false, proof: 'bytes' }
    if (await sameBytes(here.body(), there.body())) return { same: true, proof: 'bytes' }
    // Equal content can be dumped in different ways, so that only a digest of what it means can tell.
    if (here.form !== 'plain') return await compareDumped(source, dest, pair, signal)
    const same = (await dest.matches?.(pair.to, here, signal)) ?? (await source.matches?.(pair.from, there, signal))
    return { same: same === true, proof: 'bytes' }
  } catch (thrown) {
    return toRekeyError(thrown)
  }
}

async function compareDumped(source: Store, dest: Store, pair: Pair, signal: AbortSignal): Promise<Compared> {
  const [here, there] = await digests(source, dest, [pair], signal)
  const compared = compareDigests(here?.[0], there?.[0])
  return compared === 'not comparable' ? { same: false, proof: 'bytes' } : compared
}

/** Whether a key holds just this content. */
export async function compareWith(content: Content, dest: Store, key: Key, signal: AbortSignal): Promise<Compared> {
  try {
    const there = await readOf(dest, key, signal)
    if (there === undefined) return undefined
    const same = there.form === content.form && (await sameBytes(content.body(), there.body()))
    return { same: same || (await dest.matches?.(key, content, signal)) === true, proof: 'bytes' }
  } catch (thrown) {
    return toRekeyError(thrown)
  }
}

/** Digests of both sides. Different ones are asked for once more where an etag may have been taken for a digest. */
async function sureDigests(source: Store, dest: Store, pairs: readonly Pair[], signal: AbortSignal) {
  const [first, second] = await digests(source, dest, pairs, signal)
  const here = pairs.map((_, at) => first?.[at])
  const there = pairs.map((_, at) => second?.[at])
  const doubted = pairs.map((_, at) => at).filter((at) => isDifference(compareDigests(here[at], there[at])))
  await Promise.all([
    renew(source, here, doubted, (at) => (pairs[at] as Pair).from, signal),
    renew(dest, there, doubted, (at) => (pairs[at] as Pair).to, signal),
  ])
  return [here, there] as const
}

function isDifference(compared: ReturnType<typeof compareDigests>): boolean {
  return typeof compared === 'object' && 'same' in compared && !compared.same
}

async function renew(
  { traits, digest }: Store,
  digested: Digested[],
  doubted: readonly number[],
  keyOf: (at: number) => Key,
  signal: AbortSignal,
): Promise<void> {
  if (traits.etags !== true || digest === undefined || doubted.length === 0) return
  const renewed = await digest(doubted.map(keyOf), signal, true)
  doubted.forEach((at, nth) => {
    digested[at] = renewed[nth]
  })
}

/** The digests of both sides, from one call where they are in one store; undefined for a store that makes none. */
async function digests(source: Store, dest: Store, pairs: readonly Pair[], signal: AbortSignal) {
  const from = pairs.map((pair) => pair.from)
  const to = pairs.map((pair) => pair.to)
  if (source !== dest || source.digest === undefined) {
    return await Promise.all([source.digest?.(from, signal), dest.digest?.(to, signal)])
  }
  const both = await source.digest([...from, ...to], signal)
  return [both.slice(0, pairs.length), both.slice(pairs.length)] as const
}

/** An absent digest is an absent key or a store without digests: reading tells. */
function compareDigests(here: Digested, there: Digested): Compared | 'not comparable' {
  if (here instanceof RekeyError) return here
  if (there instanceof RekeyError) return there
  if (here === undefined || there === undefined) return 'not comparable'
  if (here === there) return { same: true, proof: 'digest', digest: here }
  const kind = here.slice(0, here.indexOf(':') + 1)
  return there.startsWith(kind) ? { same: false, proof: 'digest' } : 'not comparable'
}

/** The pairs that checksums tell about; those that they tell nothing about are not among them. */
async function compareChecksums(
  source: Store,
  dest: Store,
  pairs: readonly Pair[],
  signal: AbortSignal,
): Promise<ReadonlyMap<Pair, Compared>> {
  const told = new Map<Pair, Compared>()
  if (pairs.length === 0 || source.checksums === undefined || dest.checksums === undefined) return told
  const [here, there] = await Promise.all([
    source.checksums(
      pairs.map((pair) => pair.from),
      signal,
    ),
    dest.checksums(
      pairs.map((pair) => pair.to),
      signal,
    ),
  ])
  pairs.forEach((pair, at) => {
    const compared = sameChecksum(here[at] ?? {}, there[at] ?? {})
    if (compared !== undefined) told.set(pair, compared)
  })
  return told
}

/** By the first algorithm of the source that the destination has too. */
function sameChecksum(here: Checksums, there: Checksums): Compared {
  const algorithm = Object.keys(here).find((name) => there[name] !== undefined)
  if (algorithm === undefined) return undefined
  return here[algorithm] === there[algorithm]
    ? { same: true, proof: 'checksum', digest: `${algorithm}:${here[algorithm]}` }
    : { same: false, proof: 'checksum' }
}

/** A proof with the digests of the two sides, where they have some. */
export function withDigests(compared: Compared, here: Digested, there: Digested): Compared {
  if (compared === undefined || compared instanceof RekeyError || !compared.same) return compared
  const digest = typeof here === 'string' ? here : compared.digest
  const toDigest = typeof there === 'string' ? there : compared.toDigest
  return {
    same: true,
    proof: compared.proof,
    ...(digest !== undefined && { digest }),
    ...(toDigest !== undefined && toDigest !== digest && { toDigest }),
  }
}

async function readOf(store: Store, key: Pair['from'], signal: AbortSignal): Promise<Content | undefined> {
  if (store.read === undefined)
    throw new RekeyError('E_UNSUPPORTED', `${store.location} cannot be read, so contents cannot be compared`)
  return await store.read(key, signal)
}

async function sameBytes(one: AsyncIterable<Uint8Array>, other: AsyncIterable<Uint8Array>): Promise<boolean> {
  const here = one[Symbol.asyncIterator]()
  const there = other[Symbol.asyncIterator]()
  try {
    let left: Buffer = Buffer.alloc(0)
    let right: Buffer = Buffer.alloc(0)
    while (true) {
      left = left.length > 0 ? left : await nextBytes(here)
      right = right.length > 0 ? right : await nextBytes(there)
      const length = Math.min(left.length, right.length)
      if (length === 0) return left.length === right.length
      if (left.compare(right, 0, length, 0, length) !== 0) return false
      left = left.subarray(length)
      right = right.subarray(length)
    }
  } finally {
    await Promise.all([here.return?.(), there.return?.()])
  }
}

/** The next bytes, empty only at the end. */
async function nextBytes(iterator: AsyncIterator<Uint8Array>): Promise<Buffer> {
  while (true) {
    const next = await iterator.next()
    if (next.done) return Buffer.alloc(0)
    if (next.value.length > 0) return Buffer.from(next.value.buffer, next.value.byteOffset, next.value.length)
  }
}
