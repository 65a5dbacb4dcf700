/** Where a bucket is reached: an origin, and the path in front of the keys. */

export interface Target {
  /** `https://bucket.s3.eu-west-1.amazonaws.com` */
  readonly origin: string
  /** as the `host` header has it */
  readonly host: string
  /** `` where the host names the bucket, `/bucket` where the path does */
  readonly basePath: string
  /** the region that is signed for */
  readonly region: string
}

/** What S3 itself takes where none is named; a bucket elsewhere tells its region with the first answer. */
export const DEFAULT_REGION = 'us-east-1'
