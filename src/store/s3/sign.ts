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

  constructor(region: string) {
    this.region = region
  }

  /** The headers to be sent, name and value in turn: those of the request, and those that the signature asks for. */
  sign(request: Signable, credentials: Credentials, nowMs: number): string[] {
    this.#prepare(credentials, nowMs)
    const { payloadHash } = request
    const asked = ['host', request.host, 'x-amz-content-sha256', payloadHash, 'x-amz-date', this.#time]
    if (credentials.sessionToken !== undefined) asked.push('x-amz-security-token', credentials.sessionToken)
    const { headers, names, lines } = canonicalHeaders(asked, request.headers)
    const canonical = `${request.method}\n${request.path}\n${request.query}\n${lines}\n${names}\n${payloadHash}`
    const signature = this.#seal.of(hash('sha256', wireBytes(canonical)))
    headers.push(
      'authorization',
      `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${this.#scope}, SignedHeaders=${names}, Signature=${signature}`,
    )
    return headers
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

/** The headers that the signature asks for, which are in order, and the request's own among them; names and lines of all. */
function canonicalHeaders(
  asked: readonly string[],
  own: Signable['headers'] = {},
): { headers: string[]; names: string; lines: string } {
  const headers: string[] = []
  let names = ''
  let lines = ''
  const add = (name: string, value: string) => {
    headers.push(name, value)
    names += names === '' ? name : `;${name}`
    lines += `${name}:${value}\n`
  }
  const ownNames = inOrder(Object.keys(own))
  let next = 0
  const addOwn = () => add(ownNames[next] as string, trimmed(own[ownNames[next++] as string] as string))
  for (let at = 0; at < asked.length; at += 2) {
    while (next < ownNames.length && (ownNames[next] as string) < (asked[at] as string)) addOwn()
    add(asked[at] as string, asked[at + 1] as string)
  }
  while (next < ownNames.length) addOwn()
  return { headers, names, lines }
}

/** They mostly are. */
function inOrder(names: string[]): string[] {
  for (let at = 1; at < names.length; at++) {
    if ((names[at - 1] as string) > (names[at] as string)) return names.sort()
  }
  return names
}

/** As it is signed: without white space around it, and with one space for several. It is sent so too. */
function trimmed(value: string): string {
  return UNTIDY.test(value) ? value.trim().replace(/[ \t]+/g, ' ') : value
}

const UNTIDY = /^\s|\s$|\s\s|\t/

/** Headers go out as latin1; everything else of the text is ASCII. */
function wireBytes(text: string): string | Buffer {
  return BEYOND_ASCII.test(text) ? Buffer.from(text, 'latin1') : text
}

const BEYOND_ASCII = /[\u0080-\u{10ffff}]/u
