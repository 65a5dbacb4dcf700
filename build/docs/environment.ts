/** The environment variables that the tools read, with what each is for. A test holds them against the code. */

export interface Variable {
  readonly name: string
  readonly says: string
}

export const ENVIRONMENT: readonly Variable[] = [
  {
    name: 'REDIS_URL',
    says: 'the database that the location `redis:` stands for; and the user and password for its host and port',
  },
  {
    name: 'REDIS_URL_*',
    says: 'further locations with user and password, such as REDIS_URL_NEW; each serves the host and port that it names',
  },
  { name: 'REDISCLI_AUTH', says: 'the password of the default user, where no REDIS_URL has one for that host' },
  {
    name: 'REDIS_CA_FILE',
    says: 'certificates (PEM) that a `rediss:` server may be signed by, instead of the usual ones',
  },
  {
    name: 'AWS_*',
    says: 'keys, profile, region and endpoint of S3 and DynamoDB, as the AWS CLI reads them: AWS_PROFILE, AWS_REGION, AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL_DYNAMODB',
  },
  { name: 'REKEY_S3_PART_SIZE', says: 'bytes of a part of a large object of S3, for tests' },
  {
    name: 'TMPDIR',
    says: 'the directory for temporary files: the keys of rewrite-keys, and its plan with --prove',
  },
  { name: 'REKEY_FAULTS', says: 'faults on purpose, for tests: docs/decisions/0007-faults-on-purpose.md' },
]
