/** A redis-server that speaks TLS, with a certificate for localhost signed by an authority made for it. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePort } from './free-port.ts'
import { startRedis } from './redis.ts'

export interface RedisTlsServer {
  readonly port: number
  /** the authority's certificate, PEM */
  readonly caFile: string
  stop(): Promise<void>
}

export async function startRedisTls(): Promise<RedisTlsServer> {
  const directory = await mkdtemp(join(tmpdir(), 'rekey-tls-'))
  const at = (name: string) => join(directory, name)
  const openssl = (...args: string[]) => promisify(execFile)('openssl', args)
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  await openssl(
    'req',
    '-x509',
    ...newKey,
    '-keyout',
    at('ca.key'),
    '-out',
    at('ca.crt'),
    '-subj',
    '/CN=test authority',
    '-days',
    '2',
  )
  await openssl(
    'req',
    ...newKey,
    '-keyout',
    at('key'),
    '-out',
    at('csr'),
    '-subj',
    '/CN=localhost',
    '-addext',
    'subjectAltName=DNS:localhost',
  )
  await openssl(
    ...['x509', '-req', '-in', at('csr'), '-CA', at('ca.crt'), '-CAkey', at('ca.key'), '-CAcreateserial'],
    ...['-copy_extensions', 'copy', '-days', '2', '-out', at('crt')],
  )
  const port = await freePort()
  const files = ['--tls-cert-file', at('crt'), '--tls-key-file', at('key'), '--tls-ca-cert-file', at('ca.crt')]
  const server = await startRedis(['--tls-port', String(port), '--tls-auth-clients', 'no', ...files])
  return {
    port,
    caFile: at('ca.crt'),
    stop: async () => {
      await server.stop()
      await rm(directory, { recursive: true, force: true })
    },
  }
}
