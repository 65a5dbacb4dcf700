/** Location to store. A store's code and its client library are loaded only when a location names it. */
import { RekeyError } from '../record/errors.ts'
import type { Key } from '../record/key.ts'
import type { Store, StoreSettings, TableShape } from './contract.ts'

/** What opening a store needs from outside. */
export interface Surroundings {
  /** an environment variable */
  env(name: string): string | undefined
  /** the names of the environment variables that start so */
  envStartingWith(prefix: string): readonly string[]
  /** identifies this process among those of all hosts, for the names of temporary files */
  readonly processName: { readonly host: string; readonly pid: number }
  /** whether a process of this host still lives */
  isAlive(pid: number): boolean
  /** ends this process as kill -9 does; for tests */
  die(): void
  warn(message: string): void
  /** has V8 compile sooner what is not compiled yet; for a store that calls many functions for each key */
  compileSooner(): void
}

type Opener = (
  location: string,
  settings: StoreSettings,
  surroundings: Surroundings,
  firstKeys?: readonly Key[],
) => Promise<Store>

const OPENERS: Readonly<Record<string, () => Promise<Opener>>> = {
  file: async () => (await import('./file/file-store.ts')).openFileStore,
  redis: async () => (await import('./redis/open-redis.ts')).openRedis,
  rediss: async () => (await import('./redis/open-redis.ts')).openRedis,
  'redis+cluster': async () => (await import('./redis/open-redis.ts')).openRedis,
  'rediss+cluster': async () => (await import('./redis/open-redis.ts')).openRedis,
  dynamodb: async () => (await import('./dynamodb/open-dynamodb.ts')).openDynamoDb,
  s3: async () => (await import('./s3/open-s3.ts')).openS3,
  json: async () => (await import('./json/json-store.ts')).openJson,
}

/**
 * Opens the store at a location, without retry or limit. `firstKeys` are looked at first: a store that sees by a request
 * whether it is there may ask for these. Throws E_LOCATION, E_AUTH, E_DENIED, E_CONNECTION.
 */
export async function openStore(
  location: string,
  settings: StoreSettings,
  surroundings: Surroundings,
  firstKeys?: readonly Key[],
): Promise<Store> {
  const open = await openerOf(location)()
  return open(location, settings, surroundings, firstKeys)
}

/** Throws E_LOCATION when no store has the scheme of a location; opens nothing. */
export function checkScheme(location: string): void {
  openerOf(location)
}

function openerOf(location: string): () => Promise<Opener> {
  const scheme = schemeOf(location)
  const opener = Object.hasOwn(OPENERS, scheme) ? OPENERS[scheme] : undefined
  if (opener !== undefined) return opener
  const schemes = Object.keys(OPENERS).join(', ')
  throw new RekeyError('E_LOCATION', `no store is called "${scheme}:"; there are ${schemes} and plain paths`)
}

/**
 * Makes a table where a store needs one: true when it was made, false when it was there with these keys. Throws E_USAGE for
 * any other store, E_LOCATION for a table of other keys, E_AUTH, E_DENIED, E_CONNECTION.
 */
export async function createTable(
  location: string,
  shape: TableShape,
  settings: StoreSettings,
  surroundings: Surroundings,
): Promise<boolean> {
  if (schemeOf(location) !== 'dynamodb')
    throw new RekeyError('E_USAGE', `--table create is for dynamodb://TABLE; ${schemeOf(location)} needs no table`)
  const { createDynamoDbTable } = await import('./dynamodb/create-table.ts')
  return await createDynamoDbTable(location, shape, settings, surroundings)
}

/** `file` for a plain path. A single letter before the colon is no scheme. */
export function schemeOf(location: string): string {
  return /^([a-z][a-z0-9+.-]+):/i.exec(location)?.[1]?.toLowerCase() ?? 'file'
}
