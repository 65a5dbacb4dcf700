/** What a run would cost that --dry-run leaves undone: requests by kind, their price, bytes and time. */
import type { Store, StoreWork } from '../store/contract.ts'

/** US dollars for 1,000 requests, by the request's name. */
export type Prices = Readonly<Record<string, number>>

/**
 * Amazon's S3 Standard and DynamoDB on demand in us-east-1, as of November 2026. Requests of which a table says nothing are counted and have no
 * price; transfer inside a region costs nothing, and any other is not in here.
 */
export const DEFAULT_PRICES: Prices = {
  ListObjectsV2: 0.005,
  CopyObject: 0.005,
  PutObject: 0.005,
  CreateMultipartUpload: 0.005,
  UploadPart: 0.005,
  UploadPartCopy: 0.005,
  CompleteMultipartUpload: 0.005,
  GetObject: 0.0004,
  HeadObject: 0.0004,
  DeleteObjects: 0,
  ReadUnits: 0.000125,
  WriteUnits: 0.000625,
}

export class Forecast {
  readonly #prices: Prices
  readonly #ratePerSecond: number | undefined
  readonly #requests = new Map<string, number>()
  #keys = 0
  #bytes = 0

  constructor(prices: Prices, ratePerSecond: number | undefined) {
    this.#prices = prices
    this.#ratePerSecond = ratePerSecond
  }

  /** Counts what one key would ask of a store. */
  ask(store: Store, work: StoreWork, sizeBytes: number): void {
    for (const [name, count] of Object.entries(store.requests?.(work, sizeBytes) ?? {})) {
      this.#requests.set(name, (this.#requests.get(name) ?? 0) + count)
    }
  }

  /** Counts a key that would be written or removed. */
  count(sizeBytes: number): void {
    this.#keys++
    this.#bytes += sizeBytes
  }

  /** One line, or undefined where no store counts requests and no rate was given. */
  toText(): string | undefined {
    const parts = [...this.#requests].map(([name, count]) => `${Math.ceil(count).toLocaleString('en-US')} ${name}`)
    if (parts.length > 0) parts.push(this.#priceText())
    if (this.#ratePerSecond !== undefined) parts.push(this.#timeText(this.#ratePerSecond))
    if (parts.length === 0) return undefined
    return `forecast: ${[`${this.#keys.toLocaleString('en-US')} keys`, bytesText(this.#bytes), ...parts].join(', ')}`
  }

  #priceText(): string {
    let dollars = 0
    const unknown: string[] = []
    for (const [name, count] of this.#requests) {
      const price = this.#prices[name]
      if (price === undefined) unknown.push(name)
      else dollars += (Math.ceil(count) * price) / 1000
    }
    return `$${dollars.toFixed(2)}${unknown.length === 0 ? '' : ` without ${unknown.join(', ')}`}`
  }

  #timeText(ratePerSecond: number): string {
    return `${durationText(this.#keys / ratePerSecond)} at ${ratePerSecond.toLocaleString('en-US')} keys a second`
  }
}

/** Decimal units, as price lists have them. */
export function bytesText(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB', 'PB']
  let value = bytes
  let unit = 0
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return `${unit === 0 ? value : value.toPrecision(3)} ${units[unit]}`
}

/** The two largest units: `1 h 20 min`. */
export function durationText(seconds: number): string {
  const whole = Math.ceil(seconds)
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)]
  if (hours > 0) return `${hours} h ${minutes} min`
  return minutes > 0 ? `${minutes} min ${whole % 60} s` : `${whole} s`
}
