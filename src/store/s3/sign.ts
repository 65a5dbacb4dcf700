/**
 * Signature Version 4 in headers, for one region and the service s3. Pure but for what it keeps from one request to the
 * next: the signing key of the day and the texts of the second.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
import { createHmac, hash } from 'node:crypto'
import type { Credentials } from './credentials.ts'

export interface Signable {
  readonly method: string
  readonly host: string
  /** encoded, as it stands in the request line */
  readonly path: string
  /** encoded and sorted by names, without '?' */
  readonly query: string
  /** by names in lower case; all of them are signed */
  readonly headers: Readonly<Record<string, string>> | undefined
  readonly payloadHash: string
}

export const EMPTY_HASH = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
export const UNSIGNED = 'UNSIGNED-PAYLOAD'

export class Signer {
  readonly region: string
  #credentials: Credentials | undefined
  #second = -1
  #day = ''
  #time = ''
  #scope = ''
  #key: Buffer = Buffer.alloc(0)
  #seal = new Seal(this.#key, '')
  #credential = ''
  #shape = new Shape({}, false)

  constructor(region: string) {
    this.region = region
  }

  /** The headers to be sent, name and value in turn: those of the request, and those that the signature asks for. */
  sign(request: Signable, credentials: Credentials, nowMs: number): string[] {
    this.#prepare(credentials, nowMs)
    const { host, payloadHash, headers: own = NONE } = request
    const { sessionToken } = credentials
    if (!this.#shape.fits(own, sessionToken !== undefined)) this.#shape = new Shape(own, sessionToken !== undefined)
    const { names, starts, end, signedNames } = this.#shape
    const headers: string[] = []
    let canonical = `${request.method}\n${request.path}\n${request.query}`
    let isPlain = true
    for (let at = 0; at < names.length; at++) {
      const name = names[at] as string
      let value = own[name]
      if (value === undefined) value = this.#asked(name, host, payloadHash, sessionToken)
      else if (!PLAIN.test(value)) {
        value = trimmed(value)
        isPlain = false
      }
      headers.push(name, value)
      canonical = canonical + starts[at] + value
    }
    canonical = canonical + end + payloadHash
    // Headers go out as latin1; everything else of the text is ASCII.
    const signature = this.#seal.of(hash('sha256', isPlain ? canonical : Buffer.from(canonical, 'latin1')))
    headers.push('authorization', this.#credential + signedNames + signature)
    return headers
  }

  #asked(name: string, host: string, payloadHash: string, sessionToken = ''): string {
    switch (name) {
      case 'host':
        return host
      case 'x-amz-date':
        return this.#time
      case 'x-amz-content-sha256':
        return payloadHash
      default:
        return sessionToken
    }
  }

  #prepare(credentials: Credentials, nowMs: number): void {
    const second = Math.floor(nowMs / 1000)
    if (second === this.#second && credentials === this.#credentials) return
    this.#second = second
    const time = `${new Date(second * 1000).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`
    const day = time.slice(0, 8)
    if (day !== this.#day || credentials !== this.#credentials) {
      const steps = [day, this.region, 's3', 'aws4_request']
      this.#key = steps.reduce(
        (key, step) => createHmac('sha256', key).update(step).digest(),
        Buffer.from(`AWS4${credentials.secretAccessKey}`),
      )
      this.#scope = steps.join('/')
      this.#credential = `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${this.#scope}, SignedHeaders=`
    }
    this.#seal = new Seal(this.#key, `AWS4-HMAC-SHA256\n${time}\n${this.#scope}\n`)
    this.#time = time
    this.#day = day
    this.#credentials = credentials
  }
}

const BLOCK = 64
const DIGEST_HEX = 64

/**
 * HMAC-SHA256 (RFC 2104) of a text that begins always alike, by two plain hashes over buffers that are filled in: a third
 * of the price of an Hmac object, which is made for one signature and then left to the garbage collector.
 */
class Seal {
  readonly #inner: Buffer
  readonly #outer: Buffer

  /** `key` is no longer than a block */
  constructor(key: Buffer, start: string) {
    this.#inner = Buffer.alloc(BLOCK + start.length + DIGEST_HEX)
    this.#outer = Buffer.alloc(BLOCK + DIGEST_HEX / 2)
    for (let at = 0; at < BLOCK; at++) {
      this.#inner[at] = (key[at] ?? 0) ^ 0x36
      this.#outer[at] = (key[at] ?? 0) ^ 0x5c
    }
    this.#inner.write(start, BLOCK, 'latin1')
  }

  /** `end` is a digest of SHA-256 in hexadecimal. */
  of(end: string): string {
    this.#inner.write(end, this.#inner.length - DIGEST_HEX, 'latin1')
    this.#outer.write(hash('sha256', this.#inner), BLOCK, 'hex')
    return hash('sha256', this.#outer)
  }
}

const NONE: Readonly<Record<string, string>> = {}

/** What requests with headers of the same names have in common: the texts around the values. Mostly the next is as the last. */
class Shape {
  /** of all headers that are signed, in order */
  readonly names: readonly string[]
  /** what stands before each value in the text that is signed */
  readonly starts: readonly string[]
  /** what stands behind the last value, before the hash of the payload */
  readonly end: string
  /** as the header `authorization` has them, up to the signature */
  readonly signedNames: string
  readonly #own: readonly string[]
  readonly #hasToken: boolean

  constructor(own: Readonly<Record<string, string>>, hasToken: boolean) {
    this.#own = Object.keys(own)
    this.#hasToken = hasToken
    this.names = [...ASKED, ...(hasToken ? [TOKEN] : []), ...this.#own].sort()
    this.starts = this.names.map((name) => `\n${name}:`)
    const signed = this.names.join(';')
    this.end = `\n\n${signed}\n`
    this.signedNames = `${signed}, Signature=`
  }

  fits(own: Readonly<Record<string, string>>, hasToken: boolean): boolean {
    let nth = 0
    for (const name in own) if (name !== this.#own[nth++]) return false
    return nth === this.#own.length && hasToken === this.#hasToken
  }
}

const ASKED = ['host', 'x-amz-content-sha256', 'x-amz-date']
const TOKEN = 'x-amz-security-token'

/** ASCII without any white space but single spaces between words. */
const PLAIN = /^[!-~]+(?: [!-~]+)*$/

/** As it is signed: without white space around it, and with one space for several. It is sent so too. */
function trimmed(value: string): string {
  return value.trim().replace(/[ \t]+/g, ' ')
}
