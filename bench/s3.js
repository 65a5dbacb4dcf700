// S3 servers for the benchmarks, each on the second core where there are two: stand-ins that answer at once, so that the
// clients are measured, and a Ceph gateway. And the clients, each told by its own means where the server is.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from './redis.js'

/** Before a command: on the first core. */
export const CLIENT = 'taskset -c 0'
/** The same on the other. */
export const SERVER = ['taskset', '-c', cpus().length > 1 ? '1' : '0']

/** The stand-in for listings, behind a distance: `{endpoint, access, count(), stop()}`; see s3-listing.js. */
export async function startListing({ latencyMs = 0 } = {}) {
  const { line, stop } = await start([...SERVER, 'node', `${import.meta.dirname}/s3-listing.js`, String(latencyMs)])
  const endpoint = `http://127.0.0.1:${line}`
  return {
    endpoint,
    access: { endpoint, accessKey: 'stub', secretKey: 'stub' },
    /** since it was asked last: `{requests, mostInFlight}` */
    count: async () => (await fetch(`${endpoint}/-/count`)).json(),
    stop,
  }
}

/**
 * nginx before such a listing, which answers every copy itself, and obeys conditions as AWS does. Undefined, and said,
 * where there is none.
 */
export async function startStub(bench) {
  if (!bench.has('nginx')) {
    bench.say('there is no nginx: left out')
    return undefined
  }
  const listing = await startListing()
  const port = await freePort()
  const directory = mkdtempSync(join(bench.directory, 'nginx-'))
  const file = join(directory, 'nginx.conf')
  writeFileSync(file, configuration({ port, directory, listing: listing.endpoint }))
  const server = spawn(SERVER[0], [...SERVER.slice(1), 'nginx', '-e', 'stderr', '-c', file], { stdio: 'ignore' })
  const end = () => server.kill()
  process.once('exit', end)
  const endpoint = `http://127.0.0.1:${port}`
  await answers(endpoint, server)
  return {
    endpoint,
    access: { endpoint, accessKey: 'stub', secretKey: 'stub' },
    count: listing.count,
    stop: async () => {
      const ended = once(server, 'exit')
      server.kill()
      await ended
      process.off('exit', end)
      await listing.stop()
    },
  }
}

const configuration = ({ port, directory, listing }) => `
daemon off;
master_process off;
pid ${directory}/pid;
error_log ${directory}/error.log;
events { worker_connections 2048; }
http {
  access_log off;
  keepalive_requests 1000000000;
  keepalive_timeout 1h;
  default_type application/xml;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${directory}/${name};`).join(' ')}
  map "$request_method $uri $http_if_none_match$http_if_match" $work {
    default listing;
    "~^PUT .*/\\.rekey-probe-\\S+ ." refusal;
    "~^PUT \\S+ ." guarded;
    "~^PUT " copy;
    "~^DELETE " removal;
  }
  upstream listing {
    server ${new URL(listing).host};
    keepalive 64;
  }
  server {
    listen 127.0.0.1:${port};
    add_header x-amz-request-id stub always;
    location / {
      if ($work = refusal) { return 412 '<Error><Code>PreconditionFailed</Code></Error>'; }
      # with 200 nginx itself would hold the answer to If-None-Match, and say 304
      if ($work = guarded) { return 201 '${COPIED}'; }
      if ($work = copy) { return 200 '${COPIED}'; }
      if ($work = removal) { return 204; }
      proxy_pass http://listing;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
    }
  }
}
`

const COPIED =
  '<?xml version="1.0" encoding="UTF-8"?>\n<CopyObjectResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><LastModified>2026-01-05T10:00:00.000Z</LastModified><ETag>&quot;9a0364b9e99bb480dd25e1f0284c8555&quot;</ETag></CopyObjectResult>'

/** A real server, which keeps everything in memory: `{endpoint, access, stop()}`. Undefined, and said, where there is none. */
export async function startCeph(bench) {
  if (!['radosgw', 'ceph-mon', 'ceph-osd', 'ceph'].every(bench.has)) {
    bench.say('there is no Ceph: left out')
    return undefined
  }
  const { line, stop } = await start([`${import.meta.dirname}/../test/servers/ceph-rgw`])
  const { endpoint, users } = JSON.parse(line)
  return { endpoint, access: { endpoint, ...users[0] }, stop }
}

/** The environment of our tools and of rclone, where the remote is `s3:`, aws and s5cmd. */
export function environment({ endpoint, accessKey, secretKey }) {
  return {
    AWS_ACCESS_KEY_ID: accessKey,
    AWS_SECRET_ACCESS_KEY: secretKey,
    AWS_ENDPOINT_URL_S3: endpoint,
    AWS_REGION: 'us-east-1',
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    // rclone fails where there is one
    AWS_CA_BUNDLE: '',
    RCLONE_CONFIG: '/dev/null',
    RCLONE_CONFIG_S3_TYPE: 's3',
    RCLONE_CONFIG_S3_PROVIDER: 'Other',
    RCLONE_CONFIG_S3_ENV_AUTH: 'true',
    RCLONE_CONFIG_S3_ENDPOINT: endpoint,
    RCLONE_CONFIG_S3_LIST_VERSION: '2',
    S3_ENDPOINT_URL: endpoint,
  }
}

/** Commands of the other clients up to what they are to do, by name, of those that are there. */
export function others(bench, { endpoint, accessKey, secretKey }) {
  const { host } = new URL(endpoint)
  const commands = {
    rclone: 'rclone',
    aws: `/usr/bin/aws --endpoint-url ${endpoint}`,
    s3cmd: `s3cmd --config /dev/null --no-ssl --host ${host} --host-bucket ${host} --access_key ${accessKey} --secret_key ${secretKey}`,
    s5cmd: 's5cmd',
  }
  const path = (command) => command.split(' ')[0]
  return Object.fromEntries(Object.entries(commands).filter(([, command]) => bench.has(path(command))))
}

/** Starts a server that says on its first line where it is, and ends when its stdin does or it is killed. */
export async function start([command, ...args]) {
  const server = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = once(server, 'exit')
  const end = () => server.kill()
  process.once('exit', end)
  const line = await new Promise((resolve, reject) => {
    createInterface({ input: server.stdout }).once('line', resolve)
    ended.then(() => reject(new Error(`${command} ${args.join(' ')} has not started`)))
  })
  return {
    line,
    stop: async () => {
      server.kill()
      await ended
      process.off('exit', end)
    },
  }
}

async function answers(endpoint, server) {
  while (server.exitCode === null) {
    const isThere = await fetch(endpoint).then(
      () => true,
      () => false,
    )
    if (isThere) return
    await sleep(20)
  }
  throw new Error('nginx ended before it listened')
}
