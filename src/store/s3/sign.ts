/**
 * Signature Version 4 in headers, for one region and the service s3. Pure but for what it keeps from one request to the
 * next: the signing key of the day and the texts of the second.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
import { createHmac, hash } from 'node:crypto'
import type { Credentials } from './credentials.ts'
import { checkHeader } from './http-head.ts'

export interface Signable {
  readonly method: string
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
  readonly #host: string
  #credentials: Credentials | undefined
  #second = -1
  #day = ''
  #time = ''
  #scope = ''
  #key: Buffer = Buffer.alloc(0)
  #seal = new Seal(this.#key, '')
  #credential = ''
  #frame: Frame | undefined

  /** `host` as the header has it */
  constructor(region: string, host: string) {
    this.region = region
    this.#host = host
  }

  /**
   * The lines of the headers, each with its end: those of the request, and those that the signature asks for. Throws for a
   * header that HTTP has no place for.
   */
  sign(
    { method, path, query, headers: own = NONE, payloadHash }: Signable,
    credentials: Credentials,
    nowMs: number,
  ): string {
    this.#prepare(credentials, nowMs)
    if (this.#frame?.fits(own, payloadHash) !== true) this.#frame = this.#frameFor(own, payloadHash, credentials)
    const { names, signed, sent } = this.#frame
    const values: string[] = []
    for (const name of names) values.push(name === PAYLOAD ? payloadHash : (own[name] as string))
    // All at once: a text that was put together is copied into one piece before it is looked at.
    const isPlain = PLAIN.test(values.join(' '))
    if (!isPlain) fit(names, values)
    let canonical = `${method}\n${path}\n${query}`
    let lines = ''
    for (let at = 0; at < values.length; at++) {
      canonical = canonical + signed[at] + values[at]
      lines = lines + sent[at] + values[at]
    }
    canonical = canonical + signed[values.length] + payloadHash
    // Headers go out as latin1; everything else of the text is ASCII.
    const signature = this.#seal.of(hash('sha256', isPlain ? canonical : Buffer.from(canonical, 'latin1')))
    return `${lines}${sent[values.length]}${signature}\r\n`
  }

  #frameFor(own: Readonly<Record<string, string>>, payloadHash: string, { sessionToken }: Credentials): Frame {
    const known = [
      ['host', this.#host],
      ['x-amz-date', this.#time],
      ...(sessionToken === undefined ? [] : [[TOKEN, sessionToken]]),
    ]
    return new Frame(own, payloadHash, Object.fromEntries(known), this.#credential)
  }

  #prepare(credentials: Credentials, nowMs: number): void {
    const second = Math.floor(nowMs / 1000)
    if (second === this.#second && credentials === this.#credentials) return
    this.#second = second
    this.#frame = undefined
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
    this.#outer.write(hash('sha256', this.#inner, 'binary'), BLOCK, 'latin1')
    return hash('sha256', this.#outer)
  }
}

const NONE: Readonly<Record<string, string>> = {}

/**
 * What requests of one second with headers of the same names have in common: the texts around the values that are each
 * request's own, and the values of which there are but few. Mostly the next request is as the last.
 */
class Frame {
  /** of the headers whose values are the request's own, in order */
  readonly names: readonly string[]
  /** of the text that is signed, what stands before each of the values, and what before the hash at the end */
  readonly signed: readonly string[]
  /** of the lines that are sent, what stands before each of the values, and what before the signature */
  readonly sent: readonly string[]
  readonly #own: readonly string[]
  /** of each header of the request's own, the value that it must have, where that is one of the few */
  readonly #values: readonly (string | undefined)[]
  readonly #payloadHash: string | undefined

  /** `signerOwn` are headers with their values; `credential` is the header `authorization` up to the names. */
  constructor(
    own: Readonly<Record<string, string>>,
    payloadHash: string,
    signerOwn: Readonly<Record<string, string>>,
    credential: string,
  ) {
    this.#own = Object.keys(own)
    this.#values = Object.values(own).map((value) => (FEW.has(value) ? value : undefined))
    this.#payloadHash = FEW.has(payloadHash) ? payloadHash : undefined
    const few = Object.entries({ ...own, [PAYLOAD]: payloadHash }).filter(([, value]) => FEW.has(value))
    const known = { ...Object.fromEntries(few), ...signerOwn }
    const all = [...new Set([PAYLOAD, ...Object.keys(known), ...this.#own])].sort()
    const names = all.join(';')
    const signed = ['']
    const sent = ['']
    const add = (inSigned: string, inSent: string) => {
      signed.push((signed.pop() as string) + inSigned)
      sent.push((sent.pop() as string) + inSent)
    }
    for (const name of all) {
      const value = known[name]
      checkHeader(name, value ?? '')
      add(`\n${name}:${value ?? ''}`, `${name}: ${value ?? ''}`)
      if (value === undefined) {
        signed.push('')
        sent.push('')
      }
      add('', '\r\n')
    }
    add(`\n\n${names}\n`, `authorization: ${credential}${names}, Signature=`)
    this.names = all.filter((name) => known[name] === undefined)
    this.signed = signed
    this.sent = sent
  }

  fits(own: Readonly<Record<string, string>>, payloadHash: string): boolean {
    if ((this.#payloadHash ?? payloadHash) !== payloadHash) return false
    let nth = 0
    for (const name in own) {
      if (name !== this.#own[nth]) return false
      const value = this.#values[nth++]
      if (value !== undefined && value !== own[name]) return false
    }
    return nth === this.#own.length
  }
}

const PAYLOAD = 'x-amz-content-sha256'
/** Values that request after request has. */
const FEW: ReadonlySet<string> = new Set([EMPTY_HASH, UNSIGNED, '*'])
const TOKEN = 'x-amz-security-token'

/** ASCII without any white space but single spaces between words. */
const PLAIN = /^[!-~]+(?: [!-~]+)*$/

/** Makes of values what is signed and sent. Throws for one that HTTP has no place for. */
function fit(names: readonly string[], values: string[]): void {
  for (let at = 0; at < values.length; at++) {
    values[at] = trimmed(values[at] as string)
    checkHeader(names[at] as string, values[at] as string)
  }
}

/** As it is signed: without white space around it, and with one space for several. It is sent so too. */
function trimmed(value: string): string {
  return value.trim().replace(/[ \t]+/g, ' ')
}
