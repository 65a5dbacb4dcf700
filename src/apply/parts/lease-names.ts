/**
 * Where the leases of a split plan are, and what they are called. Beside the parts a lease has the name of its part; in a
 * place of its own, which others may use too, an id goes before it, that stands beside the parts for all workers to find.
 */
import { randomUUID } from 'node:crypto'
import { RekeyError } from '../../record/errors.ts'
import { directoryLocation } from '../../stage/plan-place.ts'
import type { PartPlace } from './place.ts'

/** The location of the leases that are kept beside the parts. */
export function leasesBeside(location: string): string {
  return `${directoryLocation(location)}leases/`
}

/**
 * Gives the name of a part's lease. `apart`: the leases are not beside the parts. Throws E_USAGE where another worker has kept
 * them in the other way: of two that do not see each other's leases, both would have a part.
 */
export async function leaseNames(place: PartPlace, apart: boolean): Promise<(part: string) => string> {
  const key = `${place.directory}leases.json`
  const there = await place.readText(key)
  if (!apart) {
    if (there === undefined) return (part) => part
    throw keptElsewhere(place, `${key} says that they are in another place: give the same --lease`, key)
  }
  if (there === undefined) {
    const beside = `${place.directory}leases/`
    if (await place.hasLeases()) throw keptElsewhere(place, `they are in ${beside}: leave --lease out`, beside)
    await place.createText(key, `${JSON.stringify({ id: randomUUID() })}\n`)
  }
  const id = idIn(there ?? (await place.readText(key)) ?? '')
  if (id === undefined) {
    throw new RekeyError(
      'E_INPUT',
      `${key}: it holds no "id"; take the file away while no worker runs, to have a new one`,
    )
  }
  return (part) => `${id}.${part}`
}

function keptElsewhere({ store }: PartPlace, where: string, what: string): RekeyError {
  const message = `${store.location}: other workers have had leases on these parts, and ${where}; or take ${what} away while no worker runs`
  return new RekeyError('E_USAGE', message)
}

function idIn(text: string): string | undefined {
  try {
    const { id } = JSON.parse(text) as { id?: unknown }
    return typeof id === 'string' && id !== '' ? id : undefined
  } catch {
    return undefined
  }
}
