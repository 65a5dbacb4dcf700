/** The location of --to-store as it will stand in every record. Pure; opens nothing. */
import { RekeyError } from '../record/errors.ts'
import { readLocation as readTable, tableLocation } from '../store/dynamodb/location.ts'
import { rootOf } from '../store/file/location.ts'
import { checkScheme, schemeOf } from '../store/open.ts'
import { readLocation } from '../store/redis/location.ts'
import { bucketLocation, readLocation as readBucket } from '../store/s3/location.ts'

const CREDENTIALS = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*@|[?&](user(name)?|pass(word|wd)?|token|secret|auth)=/i
const NO_ENVIRONMENT = { env: () => undefined, envStartingWith: () => [] }

/**
 * The location, spelled as a listing of it would, so that one store has one name. Throws E_USAGE for a user name,
 * password or token in it, without repeating it, E_LOCATION for what is no location, E_UNSUPPORTED for one that is only read.
 */
export function readToStore(location: string): string {
  if (CREDENTIALS.test(location)) {
    throw new RekeyError(
      'E_USAGE',
      '--to-store: a user name, password or token may not stand in a record. Leave it out here, and give it to copy-apply by ' +
        'the environment: REDIS_URL or REDIS_URL_* with the same host and port, or REDISCLI_AUTH',
    )
  }
  checkScheme(location)
  const scheme = schemeOf(location)
  if (scheme === 'json') {
    throw new RekeyError(
      'E_UNSUPPORTED',
      `--to-store ${location}: a JSON file is only read; nothing can be written to it`,
    )
  }
  if (scheme === 'file') return `file:${rootOf(location)}`
  if (scheme === 's3') return toBucket(location)
  if (scheme === 'dynamodb') return tableLocation(readTable(location))
  // `redis:` alone is what REDIS_URL names, for the tool that opens it.
  if (/^rediss?(\+cluster)?$/.test(scheme) && !/^redis:(\/\/)?$/.test(location)) {
    return readLocation(location, NO_ENVIRONMENT).location
  }
  return location
}

/** Keys are whole keys of a bucket, so a prefix here would be lost. */
function toBucket(location: string): string {
  const place = readBucket(location)
  if (place.prefix === '') return bucketLocation(place)
  throw new RekeyError(
    'E_USAGE',
    `--to-store ${location}: a key is the whole key of a bucket; write --to-store ${bucketLocation(place)} and put ` +
      `"${place.prefix}" before the keys, by --template or --sub 's|^|${place.prefix}|'`,
  )
}
