/** A location of S3, as a user may write it, to the bucket and the prefix that it names. Pure. */
import { RekeyError } from '../../record/errors.ts'

export interface S3Location {
  readonly bucket: string
  /** what the keys of a listing begin with; empty for all keys */
  readonly prefix: string
}

/**
 * Takes `s3://bucket` and `s3://bucket/prefix`; nothing is percent-decoded, and `s3://bucket/` is `s3://bucket`. Throws
 * E_LOCATION.
 */
export function readLocation(location: string): S3Location {
  const [, bucket = '', prefix = ''] = /^s3:\/\/([^/]*)(?:\/(.*))?$/is.exec(location) ?? []
  if (bucket.includes('@') || bucket.includes(':')) {
    throw new RekeyError(
      'E_LOCATION',
      'a location of S3 is s3://BUCKET/PREFIX; keys come from the environment or --profile, a server from --endpoint',
    )
  }
  if (!BUCKET.test(bucket)) {
    throw new RekeyError(
      'E_LOCATION',
      `"${location}" names no bucket: write s3://BUCKET or s3://BUCKET/PREFIX, the bucket as 3 to 63 letters, digits, dots and hyphens`,
    )
  }
  if (bucket.endsWith('--x-s3')) {
    throw new RekeyError('E_LOCATION', `${bucket} is a directory bucket, which lists and signs in ways of its own`)
  }
  if (!prefix.isWellFormed()) throw new RekeyError('E_LOCATION', 'the prefix holds half a surrogate pair')
  return { bucket, prefix }
}

/** The name of the store: the bucket, for keys are whole keys of it. */
export function bucketLocation({ bucket }: S3Location): string {
  return `s3://${bucket}`
}

/** Old buckets, and those of other servers, may have capitals and underscores; none begins or ends with a dot. */
const BUCKET = /^[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9]$/
