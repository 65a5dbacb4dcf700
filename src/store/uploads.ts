/**
 * Writes in parts that were begun and neither completed nor taken back, as a kill leaves them: nothing stands under their
 * keys, and their parts cost until somebody ends them. For stores that know such a thing.
 */
import type { Key } from '../record/key.ts'

export interface Upload {
  readonly key: Key
  readonly id: string
  /** milliseconds since 1970, by the store's clock */
  readonly begunMs: number
}

export interface UploadState {
  readonly parts: number
  readonly sizeBytes: number
  /** how long nothing has come, by the store's clock */
  readonly idleMs: number
}

export interface Uploads {
  /**
   * Those that were begun by who we are, where the store tells who began them, in any key. `near`: a key that we may write
   * beside. Holds them all. Throws E_DENIED and the like.
   */
  begun(near: Key, signal: AbortSignal): Promise<readonly Upload[]>
  /** Undefined when it has been completed or ended by now. */
  state(upload: Upload, signal: AbortSignal): Promise<UploadState | undefined>
  /** Takes its parts away; one that has ended by now is as good. */
  end(upload: Upload, signal: AbortSignal): Promise<void>
}
