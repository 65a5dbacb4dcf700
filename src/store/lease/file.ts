/**
 * Leases in a directory, for the processes of one host and for hosts that share the directory. A lease is a directory
 * of versions, `NAME.lease/7.json`; whoever creates the next number has it, and the highest number is what counts. The
 * file is written and flushed first and then linked to its number, which fails when the number is taken.
 *
 * Old versions go, the last few stay. A process that has slept over many versions may create a number that was there
 * before, so it looks for a higher one afterwards: a listing gives every file that was there all along, and as long as
 * fewer than KEPT are made during one listing, that is one of the last.
 */
import { createHash, randomBytes } from 'node:crypto'
import { link, open, readdir, readFile, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { RekeyError } from '../../record/errors.ts'
import { DirectorySyncs } from '../file/directory-syncs.ts'
import { errnoOf, fsError } from '../file/fs-error.ts'
import { rootOf } from '../file/location.ts'
import { makeDirectory } from '../file/make-directory.ts'
import type { LeaseRecord, LeaseSpace, SeenLease } from './contract.ts'
import { leaseText, parseLease } from './record.ts'

const KEPT = 8
/** How often it is looked again when the version that was found has gone before it was read. */
const LOOKS = 20

export async function openFileLeases(location: string): Promise<LeaseSpace> {
  return new FileLeases(location, rootOf(location))
}

class FileLeases implements LeaseSpace {
  readonly location: string
  readonly #root: string
  readonly #syncs = new DirectorySyncs()

  constructor(location: string, root: string) {
    this.location = location
    this.#root = root
  }

  async check(): Promise<void> {
    await this.#told('', async () => makeDirectory(this.#root))
  }

  read(name: string): Promise<SeenLease | undefined> {
    return this.#told(name, async () => {
      const directory = this.#directoryOf(name)
      for (let looks = 1; ; looks++) {
        const version = await highest(directory)
        if (version === 0) return undefined
        const found = await readVersion(directory, version)
        if (found !== undefined) return found
        if (looks === LOOKS) throw new RekeyError('E_BUSY', `lease ${name}: it changes faster than it can be read`)
      }
    })
  }

  create(name: string, record: LeaseRecord): Promise<string | undefined> {
    return this.#told(name, async () => {
      const directory = this.#directoryOf(name)
      makeDirectory(directory)
      await this.#syncs.sync(Buffer.from(this.#root))
      return this.#claim(directory, 1, record)
    })
  }

  replace(name: string, version: string, record: LeaseRecord): Promise<string | undefined> {
    return this.#told(name, () => this.#claim(this.#directoryOf(name), Number(version) + 1, record))
  }

  async close(): Promise<void> {}

  async #claim(directory: string, version: number, record: LeaseRecord): Promise<string | undefined> {
    if (!(await publish(directory, version, leaseText(record)))) return undefined
    await this.#syncs.sync(Buffer.from(directory))
    const versions = await versionsIn(directory)
    if (versions.some((other) => other > version)) {
      // The number had been there and was swept away: it is one of the past.
      await remove(join(directory, fileOf(version)))
      return undefined
    }
    const old = versions.filter((other) => other <= version - KEPT)
    await Promise.all(old.map((other) => remove(join(directory, fileOf(other)))))
    return String(version)
  }

  #directoryOf(name: string): string {
    // A name may be longer than a file's, and may hold what a file's may not.
    const plain = /^[\w.-]{1,200}$/.test(name) ? name : createHash('sha256').update(name).digest('hex')
    return join(this.#root, `${plain}.lease`)
  }

  async #told<T>(name: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (thrown) {
      throw fsError(thrown, `${name}.lease`)
    }
  }
}

function fileOf(version: number): string {
  return `${version}.json`
}

async function versionsIn(directory: string): Promise<readonly number[]> {
  const names = await readdir(directory).catch((error) => {
    if (errnoOf(error) === 'ENOENT') return []
    throw error
  })
  return names.flatMap((name) => (/^\d{1,15}\.json$/.test(name) ? [Number.parseInt(name, 10)] : []))
}

/** 0 where there is none. */
async function highest(directory: string): Promise<number> {
  return Math.max(0, ...(await versionsIn(directory)))
}

/** Undefined when it has gone. Its age is held against a file that was written just now in the same directory. */
async function readVersion(directory: string, version: number): Promise<SeenLease | undefined> {
  const path = join(directory, fileOf(version))
  try {
    const [text, { mtimeMs }, nowMs] = [await readFile(path, 'utf8'), await stat(path), await timeIn(directory)]
    return { record: parseLease(text), version: String(version), mark: `${version} ${mtimeMs}`, ageMs: nowMs - mtimeMs }
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined
    throw error
  }
}

/** What time it is for the one that keeps the directory, which may be another host. */
async function timeIn(directory: string): Promise<number> {
  const path = temporaryIn(directory)
  try {
    await writeFlushed(path, 'now')
    return (await stat(path)).mtimeMs
  } finally {
    await remove(path)
  }
}

/** False when the number is taken. */
async function publish(directory: string, version: number, text: string): Promise<boolean> {
  const temporary = temporaryIn(directory)
  try {
    await writeFlushed(temporary, text)
    await link(temporary, join(directory, fileOf(version)))
    return true
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error
    // Over a network the answer to a link that was made may be lost, and asked for again: the file tells.
    return (await stat(temporary)).nlink === 2
  } finally {
    await remove(temporary)
  }
}

async function writeFlushed(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx')
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** A file that may have gone. */
async function remove(path: string): Promise<void> {
  await unlink(path).catch((error) => {
    if (errnoOf(error) !== 'ENOENT') throw error
  })
}

function temporaryIn(directory: string): string {
  return join(directory, `.${randomBytes(9).toString('base64url')}`)
}
