/** What is said at the end of all parts together, whoever has done them, so that every worker's exit code tells it. */
import type { Context } from '../../stage/stage.ts'
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
  manifest: ReadonlyMap<string, unknown> | undefined,
  own: ReadonlySet<string>,
  context: Context,
): Promise<void> {
  const parts = await place.survey()
  const absent = [...(manifest?.keys() ?? [])].filter((name) => !parts.some((part) => part.name === name && part.part))
  const done = parts.filter((part) => part.done)
  const aside = parts.filter((part) => part.failed && !part.done)
  const left = parts.filter((part) => part.part && !part.done && !part.failed)
  for (const part of done) await place.clear(part)
  const bad = await badAmong(
    place,
    done.filter(({ name }) => !own.has(name)),
  )
  if (absent.length > 0) context.warn(`manifest.json names ${absent.length} parts that are not there: ${some(absent)}`)
  if (aside.length > 0) context.warn(`set aside: ${some(aside.map(({ name }) => name))}; NAME.failed.json says why`)
  if (bad.length > 0) context.warn(`done elsewhere, with records that failed, are missing or came twice: ${some(bad)}`)
  if (absent.length + aside.length + bad.length > 0) context.foundBad()
  if (manifest === undefined) {
    context.tell('there is no manifest.json: where shard-keys was still at work, run this again, or with --wait TIME')
  }
  context.tell(`of ${parts.length} parts: ${done.length} done, ${aside.length} set aside, ${left.length} left`)
}

async function badAmong(place: PartPlace, parts: readonly PartState[]): Promise<readonly string[]> {
  const bad: string[] = []
  const queue = [...parts]
  const read = async () => {
    for (let part = queue.pop(); part !== undefined; part = queue.pop()) {
      const text = await place.readText(place.keyOf({ name: part.name, kind: 'done' }))
      if (isBad(text)) bad.push(part.name)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, read))
  return bad.sort()
}

/** A witness that cannot be read proves nothing. */
function isBad(text: string | undefined): boolean {
  try {
    return hasBadRecords(JSON.parse(text ?? '') as Partial<Witness>)
  } catch {
    return true
  }
}

function some(names: readonly string[]): string {
  const [first, second, third] = names
  const shown = [first, second, third].filter((name) => name !== undefined).join(', ')
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown
}
