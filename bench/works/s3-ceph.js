// A prefix listed, copied and verified on a real S3 server, a Ceph gateway that keeps everything in memory beside the
// clients on the same machine: how long it takes. The server decides about most of it.
import {
  CreateBucketCommand,
  DeleteObjectsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { compare } from '../measure.js'
import { figure, times } from '../report.js'
import { environment, others, startCeph } from '../s3.js'

const OBJECTS = 5_000
/** Fewer than these, and what is measured is the start of node. */
const LEAST_OBJECTS = 2_000
/** for s3cmd, which takes the square of what it is given */
const FEW = 200
const BUCKET = 'bench'
const BODY = 'a few words '.repeat(20)
const AT_ONCE = 50

const COPIES = {
  rclone: (rclone) => `${rclone} copy --transfers 32 --checkers 32 s3:${BUCKET}/from s3:${BUCKET}/to`,
  aws: (aws) => `${aws} s3 cp --recursive --quiet s3://${BUCKET}/from/ s3://${BUCKET}/to/`,
  s3cmd: (s3cmd) => `${s3cmd} cp --recursive --quiet s3://${BUCKET}/few/ s3://${BUCKET}/to/`,
  s5cmd: (s5cmd) => `${s5cmd} --log error cp 's3://${BUCKET}/from/*' s3://${BUCKET}/to/`,
}

export async function work(bench) {
  const server = await startCeph(bench)
  if (server === undefined) return []
  // The SDK speaks of Node 20 at each start.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true'
  const { endpoint, accessKey: accessKeyId, secretKey: secretAccessKey } = server.access
  const client = new S3Client({
    endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
  })
  const count = Math.max(bench.size(OBJECTS), LEAST_OBJECTS)
  await client.send(new CreateBucketCommand({ Bucket: BUCKET }))
  await plant(client, 'from', count)
  await plant(client, 'few', FEW)
  const clients = others(bench, server.access)
  const ours = `list-keys s3://${BUCKET}/from/ | rewrite-keys --sub 's/^from/to/' | copy-apply`
  const commands = { ours: `${ours} > run.ndjson`, verified: `${ours} | verify > proven.ndjson` }
  for (const [name, command] of Object.entries(clients)) commands[name] = COPIES[name](command)
  const runs = await compare(bench, commands, {
    env: environment(server.access),
    by: 'wallS',
    rounds: 1,
    before: () => clear(client),
  })
  client.destroy()
  await server.stop()
  const countOf = (name) => (name === 's3cmd' ? FEW : count)
  const perSecond = (name) => countOf(name) / runs[name].wallS
  const cpu = (name) => `${figure((runs[name].cpuS / countOf(name)) * 1e6)} µs CPU`
  return [
    ...Object.keys(clients).map((name) => ({
      work: `list and copy ${count.toLocaleString('en-US')} objects on Ceph, wall clock`,
      ours: `${figure(perSecond('ours'))} a second, ${cpu('ours')}`,
      theirs: `${name} ${figure(perSecond(name))} a second, ${cpu(name)}`,
      ratio: times(perSecond('ours') / perSecond(name)),
    })),
    {
      work: '  the same, and verify',
      ours: `${figure(perSecond('verified'))} a second, ${cpu('verified')}`,
    },
  ]
}

async function plant(client, folder, count) {
  for (let at = 0; at < count; at += AT_ONCE) {
    const keys = Array.from({ length: Math.min(AT_ONCE, count - at) }, (_, n) => `${folder}/${at + n}.json`)
    await Promise.all(keys.map((Key) => client.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: BODY }))))
  }
}

/** Takes away what the last run has copied. */
async function clear(client) {
  for (;;) {
    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: BUCKET, Prefix: 'to/' }))
    if (Contents.length === 0) return
    const Objects = Contents.map(({ Key }) => ({ Key }))
    await client.send(new DeleteObjectsCommand({ Bucket: BUCKET, Delete: { Objects, Quiet: true } }))
  }
}
