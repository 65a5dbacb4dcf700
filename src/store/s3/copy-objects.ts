/**
 * Copies inside the bucket, the bytes never passing through here. Both sides are looked at by listing where that is
 * cheap: the source for its size, class and etag, the destination where the server does not guard it by itself.
 */
import { RekeyError, toRekeyError } from '../../record/errors.ts'
import { sameKey } from '../../record/key.ts'
import type { Evidence, Guard, Outcome, Pair } from '../contract.ts'
import { failed, GONE } from './ask.ts'
import { copyObject } from './copy-object.ts'
import type { Obeyed } from './destination-guard.ts'
import { conditionOf, guardVerdict, NOTHING_OBEYED, needsLook } from './destination-guard.ts'
import { digestOf } from './digest-objects.ts'
import { notAsExpected, weigh } from './evidence.ts'
import { nameOf } from './key-name.ts'
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
  const outcomes = new Map<Pair, Outcome>()
  const open = pairs.filter((pair) => {
    const settled = refusalOf(pair, guard)
    if (settled !== undefined) outcomes.set(pair, settled)
    return settled === undefined
  })
  for (const wave of wavesOf(open)) {
    const destinations = wave.map(({ to }) => to as string)
    await objects.locks.hold(destinations, () => copyWave(objects, wave, guard, outcomes, signal))
  }
  return pairs.map((pair) => outcomes.get(pair) ?? failed('E_STORE', 'the pair came to no end'))
}

function refusalOf({ from, to }: Pair, guard: Guard): Outcome | undefined {
  if (guard === 'merge') return failed('E_UNSUPPORTED', 'merge: objects are not collections')
  for (const name of [nameOf(from), nameOf(to)]) {
    if (name instanceof RekeyError) return { outcome: 'failed', error: name }
  }
  return sameKey(from, to) ? { outcome: 'skipped', reason: 'same-key' } : undefined
}

/** Pairs that may be written side by side: no two of a wave have one destination. */
function wavesOf(pairs: readonly Pair[]): readonly (readonly Pair[])[] {
  const waves: Pair[][] = []
  const count = new Map<string, number>()
  for (const pair of pairs) {
    const nth = count.get(pair.to as string) ?? 0
    count.set(pair.to as string, nth + 1)
    waves[nth] ??= []
    waves[nth].push(pair)
  }
  return waves
}

async function copyWave(
  objects: Objects,
  wave: readonly Pair[],
  guard: Guard,
  outcomes: Map<Pair, Outcome>,
  signal: AbortSignal,
): Promise<void> {
  let obeyed: Obeyed = NOTHING_OBEYED
  try {
    if (guard !== 'any') obeyed = await objects.abilities.copies(wave[0]?.to as string, signal)
  } catch (thrown) {
    for (const pair of wave) outcomes.set(pair, { outcome: 'failed', error: toRekeyError(thrown) })
    return
  }
  const [sources, destinations] = await Promise.all([
    sourcesOf(objects, wave, signal),
    needsLook(guard, obeyed)
      ? lookUp(
          objects.bucket,
          wave.map(({ to }) => to),
          signal,
        )
      : [],
  ])
  await sideBySide(
    wave,
    () => objects.bucket.gate.limit,
    (pair, at) => {
      const there = destinations[at]
      const settle = (outcome: Outcome) => void outcomes.set(pair, outcome)
      const decided = decide(objects, pair, sources[at], there, guard)
      if (isOutcome(decided)) return settle(decided)
      const { to, expect = NOTHING_KNOWN } = pair
      const condition = conditionOf(guard, obeyed, there)
      return copyObject(objects, { source: decided, to: to as string, guard, expect, condition }, signal).then(settle)
    },
  )
}

/** The sources as they are now. Where objects are encrypted with keys of KMS, with their headers. */
async function sourcesOf(objects: Objects, wave: readonly Pair[], signal: AbortSignal): Promise<readonly Found[]> {
  const { bucket, encryption } = objects
  const keys = wave.map(({ from }) => from as string)
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
  if (source !== undefined && weigh(source, here, digestOf(here, encryption)) === 'changed')
    return { outcome: 'failed', error: notAsExpected(from as string, 'changed', here) }
  return guardVerdict(guard, to as string, expect, there, encryption) ?? here
}
