/**
 * The listing of a database: SCAN on every master, and what is known of the keys of each batch. While one batch is
 * described the next is already being scanned. A key may come twice; one that vanishes in between is left out.
 * Holds two batches a server.
 */
import { RekeyError } from '../../record/errors.ts'
import type { Key } from '../../record/key.ts'
import { keyOf, keyText } from '../../record/key.ts'
import type { Entry, Range, Value } from '../contract.ts'
import { asker } from './ask.ts'
import { contentRequest } from './canonical.ts'
import { isNoSuchKey } from './classify.ts'
import type { Answer, Request } from './connection.ts'
import type { Describer } from './describe.ts'
import type { Link } from './link.ts'
import type { Servers } from './servers.ts'
import { contentOf } from './value.ts'

const KEYS_A_SCAN = 1000

/** Ends quietly when the signal is aborted. Throws a RekeyError when a server will not tell. */
export async function* listKeys(
  servers: Servers,
  describer: Describer,
  range: Range,
  concurrency: number | undefined,
  signal: AbortSignal,
): AsyncGenerator<readonly Entry[]> {
  const links = await servers.masters()
  const listings = links.map((link) => listServer(link, servers, describer, range, signal))
  yield* sideBySide(listings, concurrency ?? listings.length)
}

async function* listServer(
  link: Link,
  servers: Servers,
  describer: Describer,
  range: Range,
  signal: AbortSignal,
): AsyncGenerator<readonly Entry[]> {
  const scan = (cursor: string) => link.send([scanRequest(cursor, range)], signal).then(([answer]) => readScan(answer))
  let described: Promise<readonly Entry[]> | undefined
  let scanning: Promise<Scanned> | undefined = scan('0')
  while (scanning !== undefined) {
    const scanned: Scanned = await scanning
    if (signal.aborted) return
    if ('error' in scanned) throw scanned.error
    scanning = scanned.cursor === '0' ? undefined : scan(scanned.cursor)
    const before = described
    described = entriesOf(scanned.keys, servers, describer, range, signal)
    // It is looked at when its turn comes; until then nobody is to take a failure for one that nobody looks at.
    described.catch(() => {})
    if (before !== undefined) yield* notEmpty(await before)
  }
  if (described !== undefined) yield* notEmpty(await described)
}

type Scanned = { readonly cursor: string; readonly keys: readonly Key[] } | { readonly error: RekeyError }

function scanRequest(cursor: string, { match, type }: Range): Request {
  return [
    'SCAN',
    cursor,
    'COUNT',
    String(KEYS_A_SCAN),
    ...(match === undefined ? [] : ['MATCH', match]),
    ...(type === undefined ? [] : ['TYPE', type]),
  ]
}

function readScan(answer: Answer | undefined): Scanned {
  if (answer instanceof RekeyError) return { error: answer }
  const [cursor, keys] = answer as readonly [Buffer, readonly Buffer[]]
  return { cursor: cursor.toString('latin1'), keys: keys.map(keyOf) }
}

function* notEmpty(entries: readonly Entry[]): Generator<readonly Entry[]> {
  if (entries.length > 0) yield entries
}

async function entriesOf(
  keys: readonly Key[],
  servers: Servers,
  describer: Describer,
  range: Range,
  signal: AbortSignal,
): Promise<readonly Entry[]> {
  const described = await describer.describe(keys, signal)
  const entries: Entry[] = []
  keys.forEach((key, at) => {
    const one = described[at]
    if (one instanceof RekeyError) throw naming(key, one)
    if (one !== undefined) entries.push({ key, ...one })
  })
  return range.values === true ? withValues(entries, servers, signal) : entries
}

async function withValues(entries: readonly Entry[], servers: Servers, signal: AbortSignal): Promise<readonly Entry[]> {
  const ask = asker(servers, signal)
  const keys = entries.map((entry) => entry.key)
  const contents = await ask(
    keys,
    entries.map(({ key, type }) => contentRequest(type ?? 'none', key)),
  )
  const values = contents.map((content, at) => {
    if (content instanceof RekeyError)
      return content.code === 'E_TYPE' || isNoSuchKey(content) ? undefined : raise(keys[at] as Key, content)
    return isNothing(content) ? undefined : contentOf(entries[at]?.type ?? 'none', content)
  })
  const dumped = [...keys.keys()].filter((at) => values[at] === undefined)
  const payloads = await ask(
    dumped.map((at) => keys[at] as Key),
    dumped.map((at): Request => ['DUMP', keys[at] as Key]),
  )
  dumped.forEach((at, nth) => {
    values[at] = payloadValue(keys[at] as Key, payloads[nth])
  })
  return entries.flatMap((entry, at) => (values[at] === undefined ? [] : [{ value: values[at], ...entry }]))
}

/** There is no empty collection in Redis: a key that answers so has vanished. */
function isNothing(content: Answer | undefined): content is null | undefined {
  return content === null || content === undefined || (Array.isArray(content) && content.length === 0)
}

/** Undefined for a key that has vanished. */
function payloadValue(key: Key, payload: Answer | undefined): Value | undefined {
  if (payload instanceof RekeyError) raise(key, payload)
  return Buffer.isBuffer(payload) ? { value64: payload.toString('base64') } : undefined
}

function raise(key: Key, error: RekeyError): never {
  throw naming(key, error)
}

function naming(key: Key, error: RekeyError): RekeyError {
  return error.code === 'E_CONNECTION' || error.code === 'E_TIMEOUT'
    ? error
    : new RekeyError(error.code, `${keyText(key)}: ${error.message}`, { cause: error })
}

/** Runs at most `limit` listings at once and gives their batches as they come. */
async function* sideBySide<T>(listings: readonly AsyncGenerator<T>[], limit: number): AsyncGenerator<T> {
  const waiting = [...listings]
  const running = new Map<AsyncGenerator<T>, Promise<readonly [AsyncGenerator<T>, IteratorResult<T>]>>()
  const advance = (listing: AsyncGenerator<T>) =>
    running.set(
      listing,
      listing.next().then((next) => [listing, next] as const),
    )
  try {
    while (running.size > 0 || waiting.length > 0) {
      while (running.size < limit && waiting.length > 0) advance(waiting.shift() as AsyncGenerator<T>)
      const [listing, next] = await Promise.race(running.values())
      running.delete(listing)
      if (next.done) continue
      advance(listing)
      yield next.value
    }
  } finally {
    await Promise.allSettled([...running.values()].map((last) => last.then(([listing]) => listing.return(undefined))))
  }
}
