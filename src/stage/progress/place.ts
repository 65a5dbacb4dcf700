/** Where rows of progress are in a store, and what their keys are. Pure; src/apply writes there and src/verify reads. */
import { createHash } from 'node:crypto'
import { RekeyError } from '../../record/errors.ts'

/** `migration-progress`: a row for each group. `heartbeat`: an object for each host. */
export const SCHEMAS = ['migration-progress', 'heartbeat'] as const
export type Schema = (typeof SCHEMAS)[number]

/** What a row is about. A field that is not counted by is `*`. */
export interface Group {
  readonly customer: string
  readonly space: string
}

export interface Place {
  /** what is to be opened */
  readonly location: string
  /** what the keys of a listing must match; absent for all that the location has */
  readonly match?: string
  /** what the keys of its rows are made of, where rows are items of a table */
  readonly keyNames?: readonly string[]
  groupKey(group: Group): string
  hostKey(hostname: string): string
}

/** A location whose last part is `status` holds heartbeats. */
export function schemaOf(location: string): Schema {
  return /(?:^|[/:])status\/?$/.test(location) ? 'heartbeat' : 'migration-progress'
}

/**
 * | location | row of a group | heartbeat of a host |
 * |---|---|---|
 * | a directory | `CUSTOMER/SPACE.json` | `HOST.json` |
 * | `s3://bucket/prefix` | the same behind `prefix/`, without one behind `migration-progress/` | or `status/` |
 * | Redis | `migration-progress:CUSTOMER/SPACE` | `status:HOST` |
 * | DynamoDB | `{"customer":…,"space":…}`, as its composite keys are | none: E_USAGE |
 */
export function placeOf(location: string, schema: Schema): Place {
  const folder = schema === 'heartbeat' ? 'status' : 'migration-progress'
  if (/^dynamodb:/i.test(location)) return tablePlace(location, schema)
  if (/^rediss?(?:\+cluster)?:/i.test(location)) return placeBehind(location, `${folder}:`, '', `${folder}:*`)
  const [, bucket, prefix = ''] = /^(s3:\/\/[^/]+)(?:\/(.*))?$/is.exec(location) ?? []
  if (bucket === undefined) return placeBehind(location, '', '.json')
  const behind = prefix === '' ? `${folder}/` : prefix.replace(/\/?$/, '/')
  return placeBehind(`${bucket}/${behind}`, behind, '.json')
}

function placeBehind(location: string, prefix: string, suffix: string, match?: string): Place {
  return {
    location,
    ...(match !== undefined && { match }),
    groupKey: ({ customer, space }) => `${prefix}${nameOf(customer)}/${nameOf(space)}${suffix}`,
    hostKey: (hostname) => `${prefix}${nameOf(hostname)}${suffix}`,
  }
}

function tablePlace(location: string, schema: Schema): Place {
  const problem =
    'a heartbeat is an object in S3, Redis or a directory; rows in DynamoDB are --schema migration-progress'
  if (schema === 'heartbeat') throw new RekeyError('E_USAGE', problem)
  return {
    location,
    keyNames: ['customer', 'space'],
    groupKey: ({ customer, space }) => JSON.stringify({ customer, space }),
    hostKey() {
      throw new RekeyError('E_USAGE', problem)
    },
  }
}

/** What file systems bear in a name, with room for an ending. */
const MAX_NAME_CHARS = 200
const KEPT_CHARS = 150

/** A value as one name of a path: percent-encoded but for `:` and `@`, and cut with a digest where it is too long. */
function nameOf(value: string): string {
  const encoded = encodeURIComponent(value.toWellFormed()).replaceAll('%3A', ':').replaceAll('%40', '@')
  if (/^\.{1,2}$/.test(encoded)) return encoded.replaceAll('.', '%2E')
  if (encoded.length <= MAX_NAME_CHARS) return encoded
  const digest = createHash('sha256').update(value).digest('hex').slice(0, 32)
  return `${encoded.slice(0, KEPT_CHARS)}~${digest}`
}
