/** Looks at keys. Most often a look before a copy finds nothing, so that is asked first, of all keys at once. */
import { RekeyError } from '../../record/errors.ts'
import type { Key } from '../../record/key.ts'
import type { Looked } from '../contract.ts'
import type { Describer } from './describe.ts'
import { Link } from './link.ts'
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
  const identities = await identitiesOf(servers, keys, signal)
  return described.map((one, at): Looked => {
    const key = keys[at] as Key
    if (one === undefined || one instanceof RekeyError) return one
    return { key, ...one, object: `${identities[at]}/${typeof key === 'string' ? key : key.toString('base64')}` }
  })
}

/** What names the database of each key. */
async function identitiesOf(servers: Servers, keys: readonly Key[], signal: AbortSignal): Promise<readonly string[]> {
  const links = await servers.linksOf(keys)
  const known = new Map<Link, string>()
  for (const link of new Set(links)) if (link instanceof Link) known.set(link, await link.identity(signal))
  return links.map((link) => (link instanceof Link ? (known.get(link) ?? '') : ''))
}
