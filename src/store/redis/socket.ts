/** A socket to a Redis server, with or without TLS. */
import { readFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { connect } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { RekeyError } from '../../record/errors.ts'
import type { RedisTarget } from './location.ts'

const LONGEST_CONNECT_MS = 10_000

/** Throws what the socket does, an error with the code ETIMEDOUT after `timeoutMs`, and E_USAGE for the CA file. */
export async function openSocket(
  { host, port, tls }: RedisTarget,
  timeoutMs: number,
  caFile: string | undefined,
): Promise<Socket> {
  const socket = tls
    ? connectTls({ host, port, ...tlsOptions(host, caFile) })
    : connect({ host, port, noDelay: true, keepAlive: true })
  const timer = setTimeout(() => socket.destroy(timedOut()), Math.min(timeoutMs, LONGEST_CONNECT_MS))
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once(tls ? 'secureConnect' : 'connect', resolve)
      socket.once('error', reject)
      socket.once('close', () => reject(new Error('the connection was closed')))
    })
  } finally {
    clearTimeout(timer)
  }
  if (tls) socket.setNoDelay(true).setKeepAlive(true)
  return socket
}

function timedOut(): Error {
  return Object.assign(new Error('connect ETIMEDOUT'), { code: 'ETIMEDOUT' })
}

function tlsOptions(host: string, caFile: string | undefined) {
  const servername = /^[\d.]+$|:/.test(host) ? {} : { servername: host }
  if (caFile === undefined) return servername
  try {
    return { ...servername, ca: readFileSync(caFile) }
  } catch (thrown) {
    throw new RekeyError('E_USAGE', `REDIS_CA_FILE: ${(thrown as Error).message}`)
  }
}
