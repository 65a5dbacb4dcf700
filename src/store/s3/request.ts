/** A request to a bucket and the answers to it, as everything in this store speaks of them. */

export interface Request {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE'
  /** absent for the bucket itself */
  readonly key?: string
  /** encoded and sorted by names, without '?' */
  readonly query?: string
  /** by names in lower case; all are signed */
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array | string
}

export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: Buffer
}

export interface Streamed {
  readonly status: number
  readonly headers: Readonly<Record<string, string | undefined>>
  /** To be read to its end or given up by `return`. Throws E_CONNECTION or E_TIMEOUT when the rest does not come. */
  readonly body: AsyncIterable<Uint8Array>
}

/** Whether it only asks, so that nothing is lost or done twice when it is sent again. */
export function isRead({ method }: Request): boolean {
  return method === 'GET' || method === 'HEAD'
}
