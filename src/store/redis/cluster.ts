/** The masters of a Redis cluster and the slots that each has, looked up when first needed and again after a move. */
import { RekeyError, toRekeyError } from '../../record/errors.ts'
import type { ConnectionSettings, Reply } from './connection.ts'
import { Link } from './link.ts'
import type { RedisTarget } from './location.ts'
import type { Servers } from './servers.ts'
import { SLOTS, slotOf } from './slot.ts'

/** The server of each slot: an index into `places`, or nothing for a slot that no server has. */
interface SlotTable {
  readonly places: readonly { readonly host: string; readonly port: number }[]
  readonly placeOfSlot: Int16Array
}

/** The reply to CLUSTER SLOTS; a server that does not know its own name is the one that was asked. Pure. */
export function readSlots(reply: Reply, asked: { readonly host: string; readonly port: number }): SlotTable {
  const places: { host: string; port: number }[] = []
  const placeOfSlot = new Int16Array(SLOTS).fill(-1)
  for (const range of reply as readonly (readonly [number, number, readonly [Buffer | null, number]])[]) {
    const [first, last, [name, port]] = range
    const named = name?.toString('utf8') ?? ''
    const host = named === '' || named === '?' ? asked.host : named
    let at = places.findIndex((place) => place.host === host && place.port === port)
    if (at === -1) at = places.push({ host, port }) - 1
    placeOfSlot.fill(at, first, last + 1)
  }
  return { places, placeOfSlot }
}

export class Cluster implements Servers {
  readonly isCluster = true
  readonly #target: RedisTarget
  readonly #settings: ConnectionSettings
  /** by `host:port`; the one that the location names is asked first */
  readonly #links = new Map<string, Link>()
  #table: Promise<SlotTable> | undefined

  constructor(target: RedisTarget, settings: ConnectionSettings) {
    this.#target = target
    this.#settings = settings
    this.#linkTo(target)
  }

  async masters(): Promise<readonly Link[]> {
    const { places } = await this.#slots()
    return places.map((place) => this.#linkTo(place))
  }

  async linksOf(keys: readonly Parameters<typeof slotOf>[0][]): Promise<readonly (Link | RekeyError)[]> {
    let table: SlotTable
    try {
      table = await this.#slots()
    } catch (thrown) {
      const error = toRekeyError(thrown)
      return keys.map(() => error)
    }
    return keys.map((key) => {
      const place = table.places[table.placeOfSlot[slotOf(key)] ?? -1]
      return place === undefined
        ? new RekeyError('E_BUSY', 'no server of the cluster has the slot of this key')
        : this.#linkTo(place)
    })
  }

  forgetSlots(): void {
    this.#table = undefined
  }

  async close(): Promise<void> {
    await Promise.all([...this.#links.values()].map((link) => link.close()))
  }

  #linkTo({ host, port }: { readonly host: string; readonly port: number }): Link {
    const name = `${host}:${port}`
    let link = this.#links.get(name)
    if (link === undefined) {
      link = new Link({ ...this.#target, host, port }, this.#settings)
      this.#links.set(name, link)
    }
    return link
  }

  #slots(): Promise<SlotTable> {
    if (this.#table === undefined) {
      const asking = this.#askForSlots()
      this.#table = asking
      asking.catch(() => {
        if (this.#table === asking) this.#table = undefined
      })
    }
    return this.#table
  }

  /** Asks the server of the location, and when it is away each other that is known. */
  async #askForSlots(): Promise<SlotTable> {
    let error: RekeyError | undefined
    for (const [name, link] of this.#links) {
      const [reply] = await link.send([['CLUSTER', 'SLOTS']], new AbortController().signal)
      if (reply instanceof RekeyError) {
        error ??= reply
        continue
      }
      const cut = name.lastIndexOf(':')
      const table = readSlots(reply ?? null, { host: name.slice(0, cut), port: Number(name.slice(cut + 1)) })
      if (table.places.length > 0) return table
      error ??= new RekeyError('E_BUSY', 'the cluster has given its slots to no server yet')
    }
    if (error?.code === 'E_STORE' && /cluster support disabled/.test(error.message)) {
      throw new RekeyError(
        'E_LOCATION',
        `${this.#target.location} is no cluster; write redis:// instead of redis+cluster://`,
      )
    }
    throw error ?? new RekeyError('E_CONNECTION', 'no server of the cluster is known')
  }
}
