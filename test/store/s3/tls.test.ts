/** S3 over TLS: the certificate is looked at, and an authority of one's own is named as everywhere in node. */
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { scratchDirectory } from '../../cli/scratch-directory.ts'
import { recordsOf, runTool } from '../../run-tool.ts'

const KEYS = 3000

/** Long enough to come in many pieces. */
const LISTING = `<ListBucketResult><IsTruncated>false</IsTruncated>${Array.from({ length: KEYS }, (_, n) => `<Contents><Key>k${n}</Key><Size>1</Size></Contents>`).join('')}</ListBucketResult>`

test('a server whose certificate is known is listed, any other is not', async () => {
  const directory = await scratchDirectory()
  const [key, cert] = [join(directory, 'key'), join(directory, 'cert')]
  const name = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-days', '2']
  await promisify(execFile)('openssl', [
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    ...name,
    '-keyout',
    key,
    '-out',
    cert,
  ])
  const hosts: string[] = []
  const server = createServer({ key: await readFile(key), cert: await readFile(cert) }, (request, reply) => {
    hosts.push(request.headers.host ?? '')
    reply.end(LISTING)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const host = `localhost:${(server.address() as AddressInfo).port}`
  const env = {
    AWS_ACCESS_KEY_ID: 'a',
    AWS_SECRET_ACCESS_KEY: 'b',
    AWS_ENDPOINT_URL_S3: `https://${host}`,
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  }
  const known = await runTool('list-keys', { args: ['s3://bucket/'], env: { ...env, NODE_EXTRA_CA_CERTS: cert } })
  const unknown = await runTool('list-keys', { args: ['s3://bucket/'], env })
  server.closeAllConnections()
  server.close()
  expect(known.code, known.stderr).toBe(0)
  expect(recordsOf(known).map((record) => record.key)).toEqual(Array.from({ length: KEYS }, (_, n) => `k${n}`))
  expect(new Set(hosts)).toEqual(new Set([host]))
  expect(unknown).toMatchObject({ stdout: '', stderr: expect.stringContaining('self-signed certificate') })
})
