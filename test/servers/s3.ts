/** The S3 server of the test run, buckets on it, and how another program is told to use it. */
import {
  AbortMultipartUploadCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectsCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { afterAll, inject } from 'vitest'
import type { ToolRun } from '../run-tool.ts'
import { runCommand } from '../run-tool.ts'
import type { S3Server, S3User } from './ceph-rgw.ts'
import { demand } from './on-demand.ts'

export type { S3Server, S3User } from './ceph-rgw.ts'

export const REGION = 'us-east-1'

/** Waits for it; the first that asks waits about two seconds. */
export function s3Server(): Promise<S3Server> {
  return demand<S3Server>(inject('s3'))
}

/** A server as one of its users reaches it, or a proxy before it: `{...server, ...server.other, endpoint: proxy}`. */
export interface S3Access extends S3User {
  readonly endpoint: string
}

/** The environment in which rekey and rclone reach the server, and nothing of whoever runs the tests. */
export function s3Environment({ endpoint, accessKey, secretKey }: S3Access): Record<string, string> {
  return {
    AWS_ACCESS_KEY_ID: accessKey,
    AWS_SECRET_ACCESS_KEY: secretKey,
    AWS_ENDPOINT_URL_S3: endpoint,
    AWS_REGION: REGION,
    AWS_DEFAULT_REGION: REGION,
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    AWS_EC2_METADATA_DISABLED: 'true',
    RCLONE_CONFIG: '/dev/null',
    RCLONE_CONFIG_S3_TYPE: 's3',
    RCLONE_CONFIG_S3_PROVIDER: 'Ceph',
    RCLONE_CONFIG_S3_ENV_AUTH: 'true',
    RCLONE_CONFIG_S3_ENDPOINT: endpoint,
  }
}

/** Runs the AWS command line as Debian has it, which does not know the variable for the endpoint. */
export function runAws(access: S3Access, args: readonly string[], stdin = ''): Promise<ToolRun> {
  const all = ['--endpoint-url', access.endpoint, ...args]
  return runCommand('/usr/bin/aws', { args: all, stdin, env: s3Environment(access) })
}

/**
 * A client that shares no code with ours. It keeps no connection for later: after a minute the server closes those that
 * it keeps, and a test that asks again in that moment would fail for it.
 */
export function s3Client(server: S3Access): S3Client {
  return new S3Client({
    endpoint: server.endpoint,
    requestHandler: { httpAgent: { keepAlive: false } },
    region: REGION,
    forcePathStyle: true,
    credentials: { accessKeyId: server.accessKey, secretAccessKey: server.secretKey },
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  })
}

/** Runs rclone, to which the server is `s3:BUCKET`. */
export function runRclone(access: S3Access, args: readonly string[]): Promise<ToolRun> {
  return runCommand('rclone', { args, env: s3Environment(access) })
}

export interface Bucket {
  readonly name: string
  /** `s3://NAME` */
  readonly location: string
  /** the owner's */
  readonly client: S3Client
  /** takes away every object, version and unfinished upload */
  empty(): Promise<void>
}

const made: Bucket[] = []
afterAll(async () => {
  for (const { name, client, empty } of made.splice(0)) {
    await empty()
    await client.send(new DeleteBucketCommand({ Bucket: name }))
    client.destroy()
  }
})

/** A new bucket, which is gone when the test file is done. */
export async function freshBucket(
  server: S3Access,
  { versioning = false }: { versioning?: boolean } = {},
): Promise<Bucket> {
  const name = `rekey-${crypto.randomUUID()}`
  const client = s3Client(server)
  await client.send(new CreateBucketCommand({ Bucket: name }))
  const bucket = { name, location: `s3://${name}`, client, empty: () => emptyBucket(client, name) }
  made.push(bucket)
  if (versioning) {
    const VersioningConfiguration = { Status: 'Enabled' } as const
    await client.send(new PutBucketVersioningCommand({ Bucket: name, VersioningConfiguration }))
  }
  return bucket
}

async function emptyBucket(client: S3Client, Bucket: string): Promise<void> {
  for (;;) {
    const { Versions = [], DeleteMarkers = [] } = await client.send(new ListObjectVersionsCommand({ Bucket }))
    const Objects = [...Versions, ...DeleteMarkers].map(({ Key, VersionId }) => ({ Key, VersionId }))
    if (Objects.length === 0) break
    const { Errors = [] } = await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }))
    if (Errors[0] !== undefined) throw new Error(`${Errors[0].Key}: ${Errors[0].Code}`)
  }
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket }))
  for (const { Key, UploadId } of Uploads) {
    await client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }))
  }
}
