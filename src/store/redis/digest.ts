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
import type { Answer, Reply, Request } from './connection.ts'
import { DIGEST_LUA, LONG_ELEMENTS, LONG_STRING_BYTES } from './digest-lua.ts'
import { digestInRanges } from './long-digest.ts'
import type { Scripts } from './scripts.ts'
import { cannotScript, script } from './scripts.ts'
import type { Servers } from './servers.ts'
import { together } from './servers.ts'

/**
 * Gives a digest per key, up to the one at which the call has read enough: '' for absent, a type for one that the client
 * must read. With ARGV[1] a copy is known by its DUMP, which costs less than its digest: verify asks for both sides
 * of its pairs at once. The second list says how often that has helped.
 */
const DIGESTS = script(`${DIGEST_LUA}
local digests, helped, known = {}, 0, ARGV[1] == 'twins' and {}
for at = 1, #KEYS do
  local key = KEYS[at]
  local kind = known and call('TYPE', key).ok
  local found, dump
  if known and kind == 'hash' and call('HLEN', key) < 500 then
    dump = redis.pcall('DUMP', key)
    if type(dump) ~= 'string' then known, dump = false, nil else found = known[dump] end
  end
  if found then
    helped = helped + 1
  else
    found, kind = digest(key)
    if found == 'later' then break end
    if found == 'long' then found = kind end
    if dump then known[dump] = found end
  end
  digests[at] = found or ''
end
return {digests, helped}
`)

/** How many calls go by before it is tried again whether the calls hold copies. */
const CALLS_WITHOUT_TWINS = 20

export class Digester {
  readonly #servers: Servers
  readonly #scripts: Scripts
  #withoutTwins = 0

  constructor(servers: Servers, scripts: Scripts) {
    this.#servers = servers
    this.#scripts = scripts
  }

  /** One digest per key, in order; never throws. */
  async digest(keys: readonly Key[], signal: AbortSignal): Promise<readonly Digested[]> {
    const digests: Digested[] = new Array(keys.length)
    let open: readonly number[] = [...keys.keys()]
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
    const args = this.#withoutTwins === 0 && open.length > 1 ? ['twins'] : []
    const runs = groups.map((group) => ({ keys: group.map((nth) => keys[open[nth] as number] as Key), args }))
    const answers = await this.#scripts.run(DIGESTS, runs, signal)
    groups.forEach((group, g) => {
      const answer = answers[g]
      if (cannotScript(answer)) return
      group.forEach((nth, at) => {
        found[nth] = answer instanceof RekeyError ? answer : readDigest(answer, at)
      })
    })
    this.#noteTwins(answers, open.length, args.length > 0)
    return found
  }

  #noteTwins(answers: readonly Answer[], keys: number, tried: boolean): void {
    const helped = answers.reduce<number>((sum, answer) => sum + (Array.isArray(answer) ? (answer[1] as number) : 0), 0)
    if (tried) this.#withoutTwins = helped * 8 < keys ? CALLS_WITHOUT_TWINS : 0
    else this.#withoutTwins = Math.max(0, this.#withoutTwins - 1)
  }
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
  // One after the other, so that no more than one content is held at once.
  const digests: Digested[] = []
  for (const [at, key] of keys.entries()) digests.push(await digestByClient(key, types[at], sizes[at], ask))
  return digests
}

async function digestByClient(
  key: Key,
  typeAnswer: Answer | undefined,
  size: Answer | undefined,
  ask: Ask,
): Promise<Digested> {
  if (typeAnswer instanceof RekeyError) return typeAnswer
  if (size instanceof RekeyError) return size
  const type = text(typeAnswer)
  if (type === 'none' || (size === 0 && type !== 'string' && type !== 'stream')) return undefined
  if ((size as number) >= (type === 'string' ? LONG_STRING_BYTES : LONG_ELEMENTS)) {
    return withPrefix(await digestInRanges(type, key, size as number, ask))
  }
  const [content] = await ask([key], [contentRequest(type, key)])
  if (content instanceof RekeyError) return content
  const isGone = content === null || content === undefined || (Array.isArray(content) && content.length === 0)
  return isGone ? undefined : withPrefix(sha1(canonical(type, content)))
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
  const [digests] = answer as readonly [readonly Buffer[], number]
  const found = digests[at]
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
