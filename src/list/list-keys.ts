/**
 * list-keys: the keys of a store, one record a line.
 * Holds what the store does: one batch, of S3 up to 128; with a store whose listing may give a key twice, 12 to 16 bytes a key.
 */
import { RekeyError } from '../record/errors.ts'
import { FingerprintSet } from '../record/fingerprint-set.ts'
import type { Key } from '../record/key.ts'
import { AWS_FLAGS, awsSettings } from '../stage/aws-flags.ts'
import { READ_RATE_FLAG, rateOf } from '../stage/rate.ts'
import type { Context, Stage } from '../stage/stage.ts'
import type { Tool } from '../stage/tool.ts'
import { flag, number, text, texts } from '../stage/tool.ts'
import type { Entry, Range, Store, StoreSettings } from '../store/contract.ts'
import { EntryLines } from './entry-line.ts'

export interface ListOptions {
  readonly locations: readonly string[]
  readonly range: Range
  readonly limit: number
  readonly settings: Partial<StoreSettings>
}

export const listKeys: Tool<ListOptions> = {
  name: 'list-keys',
  summary: 'prints the keys of a store',
  words: {
    name: 'LOCATION',
    help: 'a path, redis://host/db, s3://bucket, dynamodb://table, json:file.json',
    required: true,
  },
  reads: 'nothing',
  examples: [
    { command: 'list-keys ./data/', says: 'every file below a directory, with size, mtime and mode' },
    {
      command: "list-keys redis://localhost:6379/0 --match 'job:*'",
      says: 'keys of a Redis database, with type and expiry',
    },
    { command: 'list-keys --values ./indexes/ --limit 10', says: 'with the content of each, for rules that need it' },
    { command: 'list-keys ./data/ --after b/42.json', says: 'goes on behind a key; for stores that list in order' },
    {
      command: 'list-keys redis:',
      says: 'the database that REDIS_URL names, so that no password stands in the command',
    },
    {
      command: 'list-keys s3://bucket/logs/',
      says: 'objects of S3, with size, etag and mtime; many pages at once, in order',
    },
    {
      command: 'list-keys dynamodb://uploads --index status-index --partition failed --values',
      says: 'items of DynamoDB: a table by Scan, one partition of it or of an index by Query',
    },
    {
      command: 'list-keys json:customers.json#customers',
      says: 'an array of a JSON file of any size; #orders/id for the id of each of its objects',
    },
  ],
  flags: {
    match: {
      type: 'string',
      value: 'GLOB',
      help: 'only keys that match: * any text, ? one character, [a-z] one of them',
    },
    type: {
      type: 'string',
      value: 'TYPE',
      help: 'only keys of this type: file, symlink; string, hash, list, set, zset, stream; delete-marker',
    },
    after: { type: 'string', value: 'KEY', help: 'only keys behind this one' },
    limit: { type: 'number', min: 0, value: 'N', help: 'no more than N keys' },
    values: { type: 'boolean', help: 'with the content of each key' },
    versions: { type: 'boolean', help: 'every version of each key, the newest first, and delete markers (S3)' },
    partition: { type: 'string', value: 'VALUE', help: 'only keys whose partition key is VALUE, by Query (DynamoDB)' },
    index: {
      type: 'string',
      value: 'NAME',
      help: 'the keys in this index; with --partition, of one partition of it (DynamoDB)',
    },
    rate: READ_RATE_FLAG,
    concurrency: {
      type: 'number',
      min: 1,
      value: 'N',
      help: 'requests in flight at once (default: what suits the store)',
    },
    'mtime-field': {
      type: 'string',
      many: true,
      value: 'FIELD',
      help: 'a hash field that holds a time; the latest is the mtime (Redis)',
    },
    ...AWS_FLAGS,
  },
  holds:
    'one batch of keys, of S3 up to 128, of DynamoDB a page of 1 MB a segment; 12 to 16 bytes a key where a listing may give a key twice (Redis, JSON)',
  onFailure: 'a store that cannot be listed to its end ends the run with exit code 3; go on with --after the last key',
  goOn: 'run it again; --after the last key goes on from there, where the store lists in order',
  closedOutput: () => 'quiet',
  check(args) {
    const match = text(args, 'match')
    const type = text(args, 'type')
    const after = text(args, 'after')
    const partition = text(args, 'partition')
    const index = text(args, 'index')
    const concurrency = number(args, 'concurrency')
    return {
      locations: args.words,
      limit: number(args, 'limit') ?? Number.POSITIVE_INFINITY,
      range: {
        values: flag(args, 'values'),
        ...(flag(args, 'versions') && { versions: true }),
        ...(match === undefined ? {} : { match }),
        ...(type === undefined ? {} : { type }),
        ...(partition === undefined ? {} : { partition }),
        ...(index === undefined ? {} : { index }),
        ...(after === undefined ? {} : { after }),
      },
      settings: {
        mtimeFields: texts(args, 'mtime-field'),
        ...(concurrency === undefined ? {} : { concurrency }),
        ...rateOf(args, ['rcu']),
        ...awsSettings(args),
      },
    }
  },
  settings: (options) => options.settings,
  tally: () => 'listed',
  stage: listStage,
}

export function listStage(options: ListOptions): Stage {
  return async function* (_input, context) {
    const stores: Store[] = []
    for (const location of options.locations) stores.push(await context.open(location))
    checkOrder(stores, options.range.after)
    checkVersions(stores, options.range.versions)
    checkPartitions(stores, options.range)
    checkCapacity(stores, options.settings)
    let left = options.limit
    for (const store of stores) {
      const lines = new EntryLines(store.location)
      const before = left
      for await (const entries of listOnce(store, options.range, context)) {
        const batch = entries.length > left ? entries.slice(0, left) : entries
        if (batch.length > 0) yield lines.lines(batch)
        left -= batch.length
        if (left <= 0 || context.stop.aborted) return
      }
      if (left === before) warnOfType(store, options.range.type, context)
    }
  }
}

/** Of a type that is mistyped there is no key, and modules of Redis have types of their own: only that nothing came shows it. */
function warnOfType({ location }: Store, type: string | undefined, context: Context): void {
  if (type === undefined || TYPES.includes(type)) return
  context.warn(`--type: ${location} has no key of type ${JSON.stringify(type)}; usual are ${TYPES.join(', ')}`)
}

const TYPES = ['file', 'symlink', 'string', 'hash', 'list', 'set', 'zset', 'stream', 'delete-marker']

/** A listing in which no key comes twice. */
async function* listOnce(store: Store, range: Range, context: Context): AsyncGenerator<readonly Entry[]> {
  if (store.traits.unique) {
    yield* store.list(range, context.stop)
    return
  }
  const seen = new FingerprintSet()
  for await (const entries of store.list(range, context.stop)) yield entries.filter((entry) => seen.add(entry.key))
}

function checkOrder(stores: readonly Store[], after: Key | undefined): void {
  const unordered = stores.find((store) => !store.traits.ordered)
  if (after !== undefined && unordered !== undefined) {
    throw new RekeyError(
      'E_UNSUPPORTED',
      `--after: ${unordered.location} lists in no order, so there is no "behind a key"`,
    )
  }
}

function checkVersions(stores: readonly Store[], versions: boolean | undefined): void {
  const without = stores.find((store) => store.traits.versions !== true)
  if (versions === true && without !== undefined) {
    throw new RekeyError('E_UNSUPPORTED', `--versions: ${without.location} keeps no versions of a key`)
  }
}

function checkPartitions(stores: readonly Store[], { partition, index }: Range): void {
  const flag = partition !== undefined ? '--partition' : index !== undefined ? '--index' : undefined
  const without = stores.find((store) => store.traits.partitions !== true)
  if (flag !== undefined && without !== undefined)
    throw new RekeyError('E_UNSUPPORTED', `${flag}: ${without.location} is no table of DynamoDB`)
}

function checkCapacity(stores: readonly Store[], { readUnitsPerSecond }: Partial<StoreSettings>): void {
  const without = stores.find((store) => store.traits.capacity !== true)
  if (readUnitsPerSecond !== undefined && without !== undefined)
    throw new RekeyError('E_UNSUPPORTED', `--rate: ${without.location} does not measure its use in capacity units`)
}
