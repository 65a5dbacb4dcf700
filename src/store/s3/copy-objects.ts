/**
 * Copies inside the bucket, the bytes never passing through here. Both sides are looked at by listing where that is
 * cheap: the source for its size, class and etag, the destination where the server does not guard it by itself.
 */
import { RekeyError, toRekeyError } from '../../record/errors.ts'
import { sameKey } from '../../record/key.ts'
import type { Evidence, Guard, Outcome, Pair } from '../contract.ts'
import { NO_WRITES } from './abilities.ts'
import { failed, GONE } from './ask.ts'
import { copyObject } from './copy-object.ts'
import type { Obeyed } from './destination-guard.ts'
import { conditionOf, guardVerdict, needsLook } from './destination-guard.ts'
import { notAsExpected, weigh } from './evidence.ts'
import { nameOf } from './key-name.ts'
import { isAscending } from './key-order.ts'
import type { Found } from './look-up.ts'
import { head, lookUp } from './look-up.ts'
import type { Objects } from './objects.ts'
import { sideBySide } from './side-by-side.ts'
import type { StoredObject } from './stored-object.ts'

/** One outcome per pair. Never throws. */
export async function copyObjects(
  objects: Objects,
  pairs: readonly Pair[],
  guard: Guard,
  signal: AbortSignal,
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = []
  const open: number[] = []
  for (let place = 0; place < pairs.length; place++) {
    const refused = refusalOf(pairs[place] as Pair, guard)
    outcomes.push(refused ?? UNSETTLED)
    if (refused === undefined) open.push(place)
  }
  for (const wave of wavesOf(pairs, open)) {
    const those: Pair[] = []
    for (const place of wave) those.push(pairs[place] as Pair)
    const settled = await copyWave(objects, those, guard, signal)
    for (let at = 0; at < wave.length; at++) outcomes[wave[at] as number] = settled[at] ?? UNSETTLED
  }
  return outcomes
}

const UNSETTLED = failed('E_STORE', 'the pair came to no end')

function sourceOf({ from }: Pair): string {
  return from as string
}

function destinationOf({ to }: Pair): string {
  return to as string
}

function refusalOf({ from, to }: Pair, guard: Guard): Outcome | undefined {
  if (guard === 'merge') return failed('E_UNSUPPORTED', 'merge: objects are not collections')
  for (const name of [nameOf(from), nameOf(to)]) {
    if (name instanceof RekeyError) return { outcome: 'failed', error: name }
  }
  return sameKey(from, to) ? { outcome: 'skipped', reason: 'same-key' } : undefined
}

/** The places of pairs that may be written side by side: no two of a wave have one destination. */
function wavesOf(pairs: readonly Pair[], places: readonly number[]): readonly (readonly number[])[] {
  if (places.length === pairs.length && isAscending(pairs.map(destinationOf))) return [places]
  const waves: number[][] = []
  const count = new Map<string, number>()
  for (const place of places) {
    const to = destinationOf(pairs[place] as Pair)
    const nth = count.get(to) ?? 0
    count.set(to, nth + 1)
    waves[nth] ??= []
    waves[nth].push(place)
  }
  return waves
}

async function copyWave(
  objects: Objects,
  wave: readonly Pair[],
  guard: Guard,
  signal: AbortSignal,
): Promise<readonly Outcome[]> {
  const { abilities, locks } = objects
  let obeyed = NO_WRITES
  try {
    if (guard !== 'any') obeyed = await abilities.copies(destinationOf(wave[0] as Pair), signal)
  } catch (thrown) {
    return wave.map(() => ({ outcome: 'failed', error: toRekeyError(thrown) }))
  }
  const work = () => copyUnder(objects, wave, guard, obeyed.copy, signal)
  // Where the server creates only by itself, whoever writes, nobody here need wait for another.
  const isHeld = guard === 'absent' && obeyed.copy.absent && obeyed.put.absent
  return isHeld ? await work() : await locks.hold(wave.map(destinationOf), work)
}

async function copyUnder(
  objects: Objects,
  wave: readonly Pair[],
  guard: Guard,
  obeyed: Obeyed,
  signal: AbortSignal,
): Promise<readonly Outcome[]> {
  const [sources, destinations] = await Promise.all([
    sourcesOf(objects, wave, signal),
    needsLook(guard, obeyed) ? lookUp(objects.bucket, wave.map(destinationOf), signal) : [],
  ])
  return await sideBySide(
    wave,
    () => objects.bucket.gate.limit,
    (pair, at) => {
      const there = destinations[at]
      const decided = decide(objects, pair, sources[at], there, guard)
      if (isOutcome(decided)) return decided
      const { to, expect = NOTHING_KNOWN } = pair
      const condition = conditionOf(guard, obeyed, there)
      return copyObject(objects, { source: decided, to: to as string, guard, expect, condition }, signal)
    },
  )
}

/** The sources as they are now. Where objects are encrypted with keys of KMS, with their headers. */
async function sourcesOf(objects: Objects, wave: readonly Pair[], signal: AbortSignal): Promise<readonly Found[]> {
  const { bucket, encryption } = objects
  const keys = wave.map(sourceOf)
  if (encryption.hidesContent) return await Promise.all(keys.map((key) => head(bucket, key, signal)))
  const found = await lookUp(bucket, keys, signal)
  const example = found.find((one) => one !== undefined && !(one instanceof RekeyError))
  if (example === undefined || example instanceof RekeyError) return found
  await encryption.learn(example, signal)
  return encryption.hidesContent ? await sourcesOf(objects, wave, signal) : found
}

const NOTHING_KNOWN: Evidence = {}

function isOutcome(decided: Outcome | StoredObject): decided is Outcome {
  return 'outcome' in decided
}

/** What settles a pair without a copy, or the source that is to be copied. */
function decide(
  { encryption }: Objects,
  { from, to, source, expect = NOTHING_KNOWN }: Pair,
  here: Found,
  there: Found,
  guard: Guard,
): Outcome | StoredObject {
  if (here === undefined) return GONE
  if (here instanceof RekeyError) return { outcome: 'failed', error: here }
  if (source !== undefined && weigh(source, here, encryption) === 'changed')
    return { outcome: 'failed', error: notAsExpected(from as string, 'changed', here) }
  return guardVerdict(guard, to as string, expect, there, encryption) ?? here
}
