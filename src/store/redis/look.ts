/**
 * Looks at keys. A look before a copy most often finds nothing, so that is asked first, of all keys at once; not where the last
 * look has found something, as those before a removal do.
 */
import { RekeyError } from '../../record/errors.ts'
import type { Key } from '../../record/key.ts'
import type { Looked } from '../contract.ts'
import type { Describer } from './describe.ts'
import { isDescription } from './describe.ts'
import { Link } from './link.ts'
import type { Servers } from './servers.ts'

export class Looker {
  readonly #servers: Servers
  readonly #describer: Describer
  #finds = false

  constructor(servers: Servers, describer: Describer) {
    this.#servers = servers
    this.#describer = describer
  }

  /** One answer per key, in order. */
  async look(keys: readonly Key[], signal: AbortSignal): Promise<readonly Looked[]> {
    if (!this.#finds && keys.length > 1 && !this.#servers.isCluster) {
      const [link] = await this.#servers.masters()
      const [count] = (await link?.send([['EXISTS', ...keys]], signal)) ?? []
      if (count === 0) return keys.map(() => undefined)
      // A user may be denied one of the keys: then each tells for itself.
      if (count instanceof RekeyError && count.code !== 'E_DENIED') return keys.map(() => count)
    }
    const described = await this.#describer.describe(keys, signal)
    this.#finds = described.some(isDescription)
    const identities = await identitiesOf(this.#servers, keys, signal)
    return described.map((one, at): Looked => {
      const key = keys[at] as Key
      if (one === undefined || one instanceof RekeyError) return one
      return { key, ...one, object: `${identities[at]}/${typeof key === 'string' ? key : key.toString('base64')}` }
    })
  }
}

/** What names the database of each key. */
async function identitiesOf(servers: Servers, keys: readonly Key[], signal: AbortSignal): Promise<readonly string[]> {
  const links = await servers.linksOf(keys)
  const known = new Map<Link, string>()
  for (const link of new Set(links)) if (link instanceof Link) known.set(link, await link.identity(signal))
  return links.map((link) => (link instanceof Link ? (known.get(link) ?? '') : ''))
}
