/** What is used of undici's pool: loaded alone, it starts in a third of the time that all of undici takes. */
declare module 'undici/lib/dispatcher/pool.js' {
  export interface Handler {
    onConnect(abort: (reason: Error) => void): void
    onHeaders(status: number, headers: readonly Buffer[], resume: () => void): boolean
    /** false pauses until `resume` */
    onData(chunk: Buffer): boolean
    onComplete(): void
    onError(error: Error): void
  }
  export interface DispatchOptions {
    readonly method: string
    readonly path: string
    readonly headers: readonly string[]
    readonly body: Uint8Array | string | null
    readonly reset: boolean
    readonly idempotent: boolean
    readonly blocking: boolean
  }
  export default class Pool {
    constructor(origin: string, options: Readonly<Record<string, unknown>>)
    dispatch(options: DispatchOptions, handler: Handler): boolean
    destroy(): Promise<void>
  }
}
