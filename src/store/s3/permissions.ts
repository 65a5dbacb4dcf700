/** What a user must be allowed for each kind of request, for the message of one that was denied. */
export const NEEDS = {
  list: 's3:ListBucket',
  listVersions: 's3:ListBucketVersions',
  /** without the second one, a server denies that a key is absent */
  look: 's3:GetObject and s3:ListBucket',
  read: 's3:GetObject',
  write: 's3:PutObject, and s3:PutObjectTagging where there are tags',
  copy: 's3:GetObject on the source, s3:PutObject on the copy, and s3:GetObjectTagging and s3:PutObjectTagging where there are tags',
  remove: 's3:DeleteObject',
} as const
