/**
 * Digests of contents: by a script inside the server, by the client where scripts are not permitted, and in ranges where
 * a content is large. All three give the same digest for the same content.
 */
import { RekeyError } from '../../record/errors.ts'
import type { Key } from '../../record/key.ts'
import type { Digested } from '../contract.ts'
import type { Ask } from './ask.ts'
import { asker } from './ask.ts'
import { canonical, contentRequest, DIGEST_PREFIX, sha1 } from './canonical.ts'
import { isNoSuchKey } from './classify.ts'
import type { Answer, Reply, Request } from './connection.ts'
import { DIGEST_LUA, LONG_ELEMENTS, LONG_STRING_BYTES } from './digest-lua.ts'
import { digestInRanges } from './long-digest.ts'
import type { Scripts } from './scripts.ts'
import { cannotScript, script } from './scripts.ts'
import type { Servers } from './servers.ts'
import { together } from './servers.ts'

/**
 * Gives a digest per key, up to the one at which the call has read enough: '' for absent, a type for one that the client
 * must read.
 */
const DIGESTS = script(`${DIGEST_LUA}
local digests = {}
for at = 1, #KEYS do
  local found, kind = digest(KEYS[at])
  if found == 'later' then break end
  digests[at] = found == 'long' and kind or found or ''
end
return digests
`)

export class Digester {
  readonly #servers: Servers
  readonly #scripts: Scripts

  constructor(servers: Servers, scripts: Scripts) {
    this.#servers = servers
    this.#scripts = scripts
  }

  /** One digest per key, in order; never throws. */
  async digest(keys: readonly Key[], signal: AbortSignal): Promise<readonly Digested[]> {
    const digests: Digested[] = new Array(keys.length)
    let open = alternating(keys.length)
    const ask = asker(this.#servers, signal)
    while (open.length > 0) open = await this.#round(keys, open, digests, ask, signal)
    return digests
  }

  /** Asks about the keys at `open`; gives back those for which one call was not enough. */
  async #round(
    keys: readonly Key[],
    open: readonly number[],
    digests: Digested[],
    ask: Ask,
    signal: AbortSignal,
  ): Promise<readonly number[]> {
    const answers = await this.#runScript(keys, open, signal)
    const later: number[] = []
    const byClient: number[] = []
    open.forEach((at, nth) => {
      const answer = answers[nth]
      if (answer === 'later') later.push(at)
      else if (answer === 'by the client') byClient.push(at)
      else digests[at] = answer
    })
    const read = await digestsByClient(
      byClient.map((at) => keys[at] as Key),
      ask,
    )
    byClient.forEach((at, nth) => {
      digests[at] = read[nth]
    })
    return later
  }

  async #runScript(keys: readonly Key[], open: readonly number[], signal: AbortSignal) {
    const found: (Digested | 'later' | 'by the client')[] = new Array(open.length).fill('by the client')
    if (!this.#scripts.allowed) return found
    const groups = together(
      this.#servers,
      open.map((at) => keys[at] as Key),
    )
    const runs = groups.map((group) => ({ keys: group.map((nth) => keys[open[nth] as number] as Key), args: [] }))
    const answers = await this.#scripts.run(DIGESTS, runs, signal)
    groups.forEach((group, g) => {
      const answer = answers[g]
      if (cannotScript(answer)) return
      group.forEach((nth, at) => {
        found[nth] = answer instanceof RekeyError ? answer : readDigest(answer, at)
      })
    })
    return found
  }
}

/**
 * The places of keys, those of the second half each behind its fellow of the first: verify asks for sources and
 * destinations at once, and the script knows a copy that comes behind its source by a glance.
 */
function alternating(length: number): readonly number[] {
  const half = Math.ceil(length / 2)
  return Array.from({ length }, (_, at) => (at >> 1) + (at % 2) * half)
}

/** The digests of these keys by plain commands. */
export async function digestsByClient(keys: readonly Key[], ask: Ask): Promise<readonly Digested[]> {
  if (keys.length === 0) return []
  const types = await ask(
    keys,
    keys.map((key): Request => ['TYPE', key]),
  )
  const sizes = await ask(
    keys,
    keys.map((key, at): Request => [SIZE_COMMANDS[text(types[at])] ?? 'EXISTS', key]),
  )
  const digests: Digested[] = new Array(keys.length)
  for (const places of portions(types, sizes)) {
    const some = await digestPortion(
      places.map((at) => ({ key: keys[at] as Key, type: types[at], size: sizes[at] })),
      ask,
    )
    places.forEach((at, nth) => {
      digests[at] = some[nth]
    })
  }
  return digests
}

interface Measured {
  readonly key: Key
  readonly type: Answer | undefined
  readonly size: Answer | undefined
}

/** Places of keys whose contents are read at once, so that no more is held than one large content or many small. */
function* portions(types: readonly Answer[], sizes: readonly Answer[]): Generator<number[]> {
  let portion: number[] = []
  let elements = 0
  for (const [at, size] of sizes.entries()) {
    const weight = typeof size !== 'number' ? 0 : text(types[at]) === 'string' ? size / BYTES_AN_ELEMENT : size
    if (portion.length > 0 && elements + weight > LONG_ELEMENTS) {
      yield portion
      portion = []
      elements = 0
    }
    portion.push(at)
    elements += weight
  }
  if (portion.length > 0) yield portion
}

const BYTES_AN_ELEMENT = 100

async function digestPortion(measured: readonly Measured[], ask: Ask): Promise<readonly Digested[]> {
  const short = measured.filter((one) => typeof one.size === 'number' && !isLong(one))
  const contents = await ask(
    short.map(({ key }) => key),
    short.map(({ key, type }) => contentRequest(text(type), key)),
  )
  const byKey = new Map(short.map((one, nth) => [one, contents[nth]]))
  return Promise.all(measured.map((one) => digestByClient(one, byKey.get(one), ask)))
}

async function digestByClient(one: Measured, content: Answer | undefined, ask: Ask): Promise<Digested> {
  const { key, type, size } = one
  if (type instanceof RekeyError) return type
  if (size instanceof RekeyError) return size
  if (text(type) === 'none') return undefined
  if (isLong(one)) return withPrefix(await digestInRanges(text(type), key, size as number, ask))
  if (content instanceof RekeyError) return isNoSuchKey(content) ? undefined : content
  const isGone = content === null || content === undefined || (Array.isArray(content) && content.length === 0)
  return isGone ? undefined : withPrefix(sha1(canonical(text(type), content)))
}

function isLong({ type, size }: Measured): boolean {
  return (size as number) >= (text(type) === 'string' ? LONG_STRING_BYTES : LONG_ELEMENTS)
}

export const SIZE_COMMANDS: Readonly<Record<string, string>> = {
  string: 'STRLEN',
  hash: 'HLEN',
  list: 'LLEN',
  set: 'SCARD',
  zset: 'ZCARD',
  stream: 'XLEN',
}

const HEXADECIMAL_BYTES = 40

function readDigest(answer: Reply | undefined, at: number): Digested | 'later' | 'by the client' {
  const found = (answer as readonly Buffer[])[at]
  if (found === undefined) return 'later'
  if (found.length === 0) return undefined
  return found.length === HEXADECIMAL_BYTES ? `${DIGEST_PREFIX}${found.toString('latin1')}` : 'by the client'
}

function withPrefix(digest: string | undefined | RekeyError): Digested {
  return typeof digest === 'string' ? `${DIGEST_PREFIX}${digest}` : digest
}

function text(answer: Answer | undefined): string {
  return Buffer.isBuffer(answer) ? answer.toString('latin1') : ''
}
