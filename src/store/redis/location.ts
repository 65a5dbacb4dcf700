/**
 * Reads the location of a Redis database and finds the user and password that belong to it. Pure.
 * What it returns as `location` never holds a user name or a password, and a password is never given to a host other
 * than the one that it was given for.
 */
import { RekeyError } from '../../record/errors.ts'

export interface RedisTarget {
  /** without credentials; two spellings of one database come out as one */
  readonly location: string
  /** without the brackets of an IPv6 address */
  readonly host: string
  readonly port: number
  /** 0 in a cluster, which has no other */
  readonly database: number
  readonly tls: boolean
  readonly cluster: boolean
  /** absent for the default user */
  readonly username?: string
  readonly password?: string
}

/** The environment variables that can hold a location or a password. */
export interface RedisEnvironment {
  env(name: string): string | undefined
  envStartingWith(prefix: string): readonly string[]
}

interface Credentials {
  readonly username?: string
  readonly password?: string
}

type Place = Omit<RedisTarget, 'username' | 'password' | 'location'> & { readonly credentials?: Credentials }

const DEFAULT_LOCATION = 'redis://localhost:6379/0'
const DEFAULT_PORT = 6379
const SCHEMES: Readonly<Record<string, Pick<RedisTarget, 'tls' | 'cluster'>>> = {
  redis: { tls: false, cluster: false },
  rediss: { tls: true, cluster: false },
  'redis+cluster': { tls: false, cluster: true },
  'rediss+cluster': { tls: true, cluster: true },
}

/**
 * `redis:` alone is the database that REDIS_URL names. The user and password are those of the location; else those of
 * REDIS_URL or of a variable `REDIS_URL_*` that names the same host and port; else REDISCLI_AUTH is the default user's
 * password. Throws E_LOCATION, and never repeats the location in the message.
 */
export function readLocation(location: string, environment: RedisEnvironment): RedisTarget {
  const bare = location === 'redis:' || location === 'redis://'
  const place = parse(bare ? (environment.env('REDIS_URL') ?? DEFAULT_LOCATION) : location, bare ? 'REDIS_URL' : '')
  const { credentials, ...rest } = place
  const found = credentials ?? credentialsFor(place, environment) ?? defaultUser(environment.env('REDISCLI_AUTH'))
  return { ...rest, location: locationOf(rest), ...found }
}

function parse(text: string, variable: string): Place {
  const name = variable === '' ? 'the location' : variable
  const url = toUrl(text)
  const kind = url && SCHEMES[url.protocol.slice(0, -1)]
  if (url === undefined || kind === undefined || url.hostname === '') {
    throw new RekeyError(
      'E_LOCATION',
      `${name} is not one of Redis: write redis://HOST:PORT/DATABASE, with special characters of a password as %XX`,
    )
  }
  if (url.search !== '' || url.hash !== '') {
    throw new RekeyError(
      'E_LOCATION',
      `${name} has a "?" or "#", which has no meaning for Redis; in a password write %3F, %23`,
    )
  }
  const credentials = credentialsOf(url, name)
  return {
    ...kind,
    host: decoded(url.hostname.replace(/^\[|\]$/g, ''), name),
    port: url.port === '' ? DEFAULT_PORT : Number(url.port),
    database: databaseOf(url.pathname, kind.cluster, name),
    ...(credentials && { credentials }),
  }
}

function toUrl(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined
}

function databaseOf(path: string, cluster: boolean, name: string): number {
  if (path === '' || path === '/') return 0
  const digits = /^\/(\d{1,9})\/?$/.exec(path)?.[1]
  if (digits === undefined) {
    throw new RekeyError('E_LOCATION', `${name} must end in the number of a database, as in redis://HOST:PORT/0`)
  }
  if (cluster && Number(digits) !== 0) throw new RekeyError('E_LOCATION', `${name}: a cluster has database 0 alone`)
  return Number(digits)
}

function credentialsOf(url: URL, name: string): Credentials | undefined {
  if (url.username === '' && url.password === '') return undefined
  return {
    ...(url.username !== '' && { username: decoded(url.username, name) }),
    ...(url.password !== '' && { password: decoded(url.password, name) }),
  }
}

function decoded(text: string, name: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new RekeyError(
      'E_LOCATION',
      `${name} has a "%" that is not followed by two hexadecimal digits; write it as %25`,
    )
  }
}

function credentialsFor(place: Place, environment: RedisEnvironment): Credentials | undefined {
  for (const name of ['REDIS_URL', ...environment.envStartingWith('REDIS_URL_')]) {
    const text = environment.env(name)
    const url = text === undefined ? undefined : toUrl(text)
    // A variable that is no Redis location is none of ours, unless the location is `redis:`.
    if (url === undefined || SCHEMES[url.protocol.slice(0, -1)] === undefined) continue
    const sameHost = url.hostname.replace(/^\[|\]$/g, '').toLowerCase() === place.host.toLowerCase()
    if (!sameHost || Number(url.port || DEFAULT_PORT) !== place.port) continue
    const credentials = credentialsOf(url, name)
    if (credentials !== undefined) return credentials
  }
  return undefined
}

function defaultUser(password: string | undefined): Credentials | undefined {
  return password === undefined || password === '' ? undefined : { password }
}

function locationOf({ host, port, database, tls, cluster }: Omit<Place, 'credentials'>): string {
  const scheme = `redis${tls ? 's' : ''}${cluster ? '+cluster' : ''}`
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}${cluster ? '' : `/${database}`}`
}
