/** What the operating system says of a file, in rekey's codes. */
import type { ErrorCode } from '../../record/errors.ts'
import { RekeyError } from '../../record/errors.ts'
import type { Key } from '../../record/key.ts'
import { keyText } from '../../record/key.ts'

const MEANINGS: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  EACCES: ['E_DENIED', 'no permission; run as the owner, or change the mode of the file or its directory'],
  EPERM: ['E_DENIED', 'not permitted; the file or its directory may be immutable or belong to somebody else'],
  EROFS: ['E_READONLY', 'the file system is mounted read-only'],
  ENOSPC: ['E_FULL', 'no space left on the device'],
  EDQUOT: ['E_FULL', 'the disk quota is used up'],
  EFBIG: ['E_FULL', 'the file is larger than the file system or the limit of this process (ulimit -f) allows'],
  ENOTDIR: ['E_BLOCKED', 'a file stands where a directory must be'],
  EISDIR: ['E_BLOCKED', 'a directory stands where the file must be'],
  ENOTEMPTY: ['E_BLOCKED', 'a directory stands where the file must be'],
  EEXIST: ['E_BLOCKED', 'something else stands there'],
  ELOOP: ['E_BLOCKED', 'its directory leads through symbolic links that go in a circle'],
  ENAMETOOLONG: ['E_NAME', 'the name is longer than the file system allows'],
  EILSEQ: ['E_NAME', 'the file system does not allow these characters'],
  EINVAL: ['E_NAME', 'the file system does not allow this name'],
  EMFILE: ['E_BUSY', 'too many open files; raise ulimit -n or lower --concurrency'],
  ENFILE: ['E_BUSY', 'too many open files on this machine'],
  EBUSY: ['E_BUSY', 'the file is in use'],
  EAGAIN: ['E_BUSY', 'the file is in use'],
  ENOMEM: ['E_BUSY', 'the machine has no memory left'],
}

export function fsError(thrown: unknown, key: Key): RekeyError {
  if (thrown instanceof RekeyError) return thrown
  const errno = errnoOf(thrown)
  const [code, meaning] = MEANINGS[errno] ?? ['E_STORE', thrown instanceof Error ? thrown.message : String(thrown)]
  const where = key.length === 0 ? 'the directory of the location' : `key ${keyText(key)}`
  return new RekeyError(code, `${where}: ${meaning}${errno === '' ? '' : ` (${errno})`}`, { cause: thrown })
}

/** `ENOENT` and the like; empty for what is no error of the operating system. */
export function errnoOf(thrown: unknown): string {
  return (thrown as NodeJS.ErrnoException | undefined)?.code ?? ''
}
