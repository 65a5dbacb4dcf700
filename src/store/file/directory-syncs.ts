/**
 * Flushes directories to the disk, so that the names in them survive a loss of power. Those who ask for a directory
 * while it is being flushed share the next flush.
 */
import { close, fsync, open } from 'node:fs'
import { promisify } from 'node:util'
import type { Path } from './key-path.ts'

const openDirectory = promisify(open)
const flush = promisify(fsync)
const closeDirectory = promisify(close)

/** What says that this directory cannot be flushed here, or is no longer there to be. */
const NOTHING_TO_DO = ['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOENT', 'ENOTDIR', 'EACCES']

interface Flush {
  readonly running: Promise<void>
  next: Promise<void> | undefined
}

export class DirectorySyncs {
  readonly #flushes = new Map<string, Flush>()

  /** Resolves when every name that is in the directory now would survive. Throws what the operating system says. */
  sync(directory: Path): Promise<void> {
    const id = directory.toString('latin1')
    const flush = this.#flushes.get(id)
    if (flush === undefined) return this.#start(id, directory)
    flush.next ??= flush.running.catch(() => {}).then(() => this.#start(id, directory))
    return flush.next
  }

  #start(id: string, directory: Path): Promise<void> {
    const running = flushDirectory(directory)
    const flush: Flush = { running, next: undefined }
    this.#flushes.set(id, flush)
    const forget = () => void (flush.next === undefined && this.#flushes.delete(id))
    running.then(forget, forget)
    return running
  }
}

async function flushDirectory(path: Path): Promise<void> {
  try {
    const directory = await openDirectory(path, 'r')
    await flush(directory).finally(() => closeDirectory(directory))
  } catch (error) {
    if (!NOTHING_TO_DO.includes((error as NodeJS.ErrnoException).code ?? '')) throw error
  }
}
