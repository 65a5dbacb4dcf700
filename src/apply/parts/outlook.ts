/** What is said at the end of all parts together, whoever has done them, so that every worker's exit code tells it. */
import { createHash } from 'node:crypto'
import type { Context } from '../../stage/stage.ts'
import type { Expected } from './manifest.ts'
import type { PartPlace, PartState } from './place.ts'
import type { Witness } from './witness.ts'
import { hasBadRecords } from './witness.ts'

const AT_ONCE = 8

/**
 * Tells what is done, set aside and left; reads the witnesses of the parts that others have done, and clears away the
 * intents of all that are done, and the segments of those who died right after their witness.
 */
export async function outlook(
  place: PartPlace,
  manifest: ReadonlyMap<string, Expected> | undefined,
  own: ReadonlySet<string>,
  context: Context,
): Promise<void> {
  const parts = await place.survey()
  const absent = [...(manifest?.keys() ?? [])].filter((name) => !parts.some((part) => part.name === name && part.part))
  const done = parts.filter((part) => part.done)
  const aside = parts.filter((part) => part.failed && !part.done)
  const left = parts.filter((part) => part.part && !part.done && !part.failed)
  for (const part of done) await place.clear(part)
  const { bad, other } = await judged(
    place,
    manifest,
    done.filter(({ name }) => !own.has(name)),
  )
  if (absent.length > 0) context.warn(`manifest.json names ${absent.length} parts that are not there: ${some(absent)}`)
  if (aside.length > 0) context.warn(`set aside: ${some(aside.map(({ name }) => name))}; NAME.failed.json says why`)
  if (bad.length > 0) context.warn(`done elsewhere, with records that failed, are missing or came twice: ${some(bad)}`)
  if (other.length > 0) context.warn(`not done, though it looks so: ${some(other)}; ${OTHER}`)
  if (absent.length + aside.length + bad.length + other.length > 0) context.foundBad()
  if (place.strangers.length > 0) context.warn(`not taken for parts: ${some(place.strangers)}; ${STRANGERS}`)
  if (manifest === undefined) {
    context.tell('there is no manifest.json: where shard-keys was still at work, run this again, or with --wait TIME')
  }
  const ofOthers = other.length > 0 ? `, ${other.length} with the witness of another content` : ''
  const counts = `${done.length - other.length} done, ${aside.length} set aside, ${left.length} left`
  context.tell(`of ${parts.length} parts: ${counts}${ofOthers}`)
}

/** Of keys that are no parts. */
export const STRANGERS = 'the name of a part has no dot before .ndjson'

const OTHER =
  'the witness is of another content than the part has. Where an earlier plan was here, choose a directory of its own for each, or take NAME.done.json and NAME.journal.ndjson away'

/** Parts that are done, with records that are not well, and those whose witness is of another content. */
async function judged(
  place: PartPlace,
  manifest: ReadonlyMap<string, Expected> | undefined,
  parts: readonly PartState[],
): Promise<{ readonly bad: readonly string[]; readonly other: readonly string[] }> {
  const [bad, other]: [string[], string[]] = [[], []]
  const queue = [...parts]
  const read = async () => {
    for (let part = queue.pop(); part !== undefined; part = queue.pop()) {
      const witness = witnessIn(await place.readText(place.keyOf({ name: part.name, kind: 'done' })))
      const isOther = await isOfAnother(witness, part, manifest?.get(part.name)?.digest, place)
      if (isOther) other.push(part.name)
      else if (witness === undefined || hasBadRecords(witness)) bad.push(part.name)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, read))
  return { bad: bad.sort(), other: other.sort() }
}

/** A witness that cannot be read proves nothing. */
function witnessIn(text: string | undefined): Partial<Witness> | undefined {
  try {
    return JSON.parse(text ?? '') as Partial<Witness>
  } catch {
    return undefined
  }
}

/** Whether the part that was done is not the one that is there: by the manifest, and without one where the part is newer than its witness. */
async function isOfAnother(
  witness: Partial<Witness> | undefined,
  { name, part, partMs, doneMs }: PartState,
  planned: string | undefined,
  place: PartPlace,
): Promise<boolean> {
  const digest = witness?.digest
  if (digest === undefined) return false
  if (planned !== undefined) return planned !== digest
  if (!part || partMs === undefined || doneMs === undefined || partMs <= doneMs) return false
  const hash = createHash('sha256')
  for await (const chunk of place.bytes(place.keyOf({ name, kind: 'part' }))) hash.update(chunk)
  return digest !== `sha256:${hash.digest('hex')}`
}

function some(names: readonly string[]): string {
  const [first, second, third] = names
  const shown = [first, second, third].filter((name) => name !== undefined).join(', ')
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown
}
