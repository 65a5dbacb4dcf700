/** The credentials of a run, renewed ahead of their end, so that no request waits for that or is refused. */

export interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string | undefined
  readonly expiration?: Date | undefined
}

/** Renewal begins so long before the end; requests go on with what they have. */
const AHEAD_MS = 5 * 60_000
/** So close to the end, or behind it, requests wait for the renewal. */
const LAST_MS = 30_000

export class Identity {
  readonly #fetch: (renew: boolean) => Promise<Credentials>
  readonly #now: () => number
  #current: Credentials
  #renewing: Promise<Credentials> | undefined

  /** `fetch` gives credentials, new ones when it is called with true. */
  constructor(first: Credentials, fetch: (renew: boolean) => Promise<Credentials>, now: () => number) {
    this.#current = first
    this.#fetch = fetch
    this.#now = now
  }

  /** At once, unless they are about to end. Rejects with what `fetch` rejects with. */
  current(): Credentials | Promise<Credentials> {
    const endsAt = this.#current.expiration?.getTime()
    if (endsAt === undefined) return this.#current
    const leftMs = endsAt - this.#now()
    if (leftMs > AHEAD_MS) return this.#current
    const renewing = this.renew()
    if (leftMs < LAST_MS) return renewing
    // Who needs it will ask again; until then a failure is nobody's.
    renewing.catch(() => {})
    return this.#current
  }

  /** New credentials, fetched once for all that ask at the same time. */
  renew(): Promise<Credentials> {
    this.#renewing ??= this.#fetch(true)
      .then((credentials) => {
        this.#current = credentials
        return credentials
      })
      .finally(() => {
        this.#renewing = undefined
      })
    return this.#renewing
  }
}
