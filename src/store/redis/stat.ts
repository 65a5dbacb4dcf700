/** Looks at keys. Most often a look before a copy finds nothing, so that is asked first, of all keys at once. */
import { RekeyError } from '../../record/errors.ts'
import type { Key } from '../../record/key.ts'
import type { Looked } from '../contract.ts'
import type { Describer } from './describe.ts'
import type { Servers } from './servers.ts'

/** One answer per key, in order. */
export async function stat(
  servers: Servers,
  describer: Describer,
  keys: readonly Key[],
  signal: AbortSignal,
): Promise<readonly Looked[]> {
  if (keys.length > 1 && !servers.isCluster) {
    const [link] = await servers.masters()
    const [count] = (await link?.send([['EXISTS', ...keys]], signal)) ?? []
    if (count === 0) return keys.map(() => undefined)
    // A user may be denied one of the keys: then each tells for itself.
    if (count instanceof RekeyError && count.code !== 'E_DENIED') return keys.map(() => count)
  }
  const described = await describer.describe(keys, signal)
  return described.map((one, at) =>
    one === undefined || one instanceof RekeyError ? one : { key: keys[at] as Key, ...one },
  )
}
