/** Waits until shard-keys has ended: its manifest is what it writes last. */
import { setTimeout as sleep } from 'node:timers/promises'
import { RekeyError, toRekeyError } from '../../record/errors.ts'
import { spanText } from '../../stage/duration.ts'
import type { Context } from '../../stage/stage.ts'
import type { PartPlace } from './place.ts'

const FIRST_WAIT_MS = 100
const LONGEST_WAIT_MS = 15_000

/** Throws E_USAGE when it is not there after `waitMs`. When the run is stopped meanwhile it comes back without it. */
export async function awaitManifest(place: PartPlace, waitMs: number, context: Context): Promise<void> {
  const endMs = context.steady() + waitMs
  for (let pauseMs = FIRST_WAIT_MS; !context.stop.aborted; pauseMs = Math.min(pauseMs * 1.5, LONGEST_WAIT_MS)) {
    if (await isThere(place)) return
    const leftMs = endMs - context.steady()
    if (leftMs <= 0) {
      const message = `${place.manifestKey} was not there after ${spanText(waitMs)}, so shard-keys has not ended, or has failed; nothing was done`
      throw new RekeyError('E_USAGE', `${place.store.location}: ${message}`)
    }
    if (pauseMs === FIRST_WAIT_MS) context.tell(`waiting for ${place.manifestKey} in ${place.store.location}`)
    await sleep(Math.min(pauseMs, leftMs), undefined, { signal: context.stop }).catch(() => {})
  }
}

/** A directory that is not there yet holds no manifest; what may pass is waited for too. */
async function isThere(place: PartPlace): Promise<boolean> {
  try {
    return (await place.readText(place.manifestKey)) !== undefined
  } catch (thrown) {
    const error = toRekeyError(thrown)
    if (error.code !== 'E_LOCATION' && !error.retryable) throw thrown
    return false
  }
}
