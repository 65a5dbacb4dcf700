/** Questions to Redis: requests that read, each about a key. */
import type { Key } from '../../record/key.ts'
import type { Answer, Request } from './connection.ts'
import type { Servers } from './servers.ts'
import { sendByKey } from './servers.ts'

/** Sends each request to the server of the key beside it; one answer each, in order; never throws. */
export type Ask = (keys: readonly Key[], requests: readonly Request[]) => Promise<readonly Answer[]>

export function asker(servers: Servers, signal: AbortSignal): Ask {
  return (keys, requests) => sendByKey(servers, keys, requests, signal)
}
