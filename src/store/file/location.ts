/** A location of the file store, as a user may write it, to the directory that it names. Touches nothing. */
import { resolve } from 'node:path'
import { RekeyError } from '../../record/errors.ts'

/**
 * The absolute path of the directory, ended by `/`. Takes `file:./dir`, `file:/abs/dir`, `file:///abs/dir` and a plain
 * path; nothing is percent-decoded, and a `~` that the shell has left is refused. Throws E_LOCATION.
 */
export function rootOf(location: string): string {
  const path = location.replace(/^file:/i, '')
  if (path === '') throw new RekeyError('E_LOCATION', `"${location}" names no directory; file:./ is this one`)
  if (path.includes('\0')) throw new RekeyError('E_LOCATION', 'a directory cannot have a NUL in its name')
  if (path !== location && path.startsWith('//') && !path.startsWith('///')) {
    throw new RekeyError(
      'E_LOCATION',
      `"${location}" names a host, and files are of this one; write file:/abs/dir/ or file:./dir/`,
    )
  }
  if (/^~(?:\/|$)/.test(path)) {
    const why = `"~" is the shell's, which leaves it behind ":" and "="`
    throw new RekeyError('E_LOCATION', `"${location}": ${why}; write $HOME, or ./${path} for a directory of that name`)
  }
  const absolute = resolve(path.replace(/^\/+/, '/'))
  return absolute.endsWith('/') ? absolute : `${absolute}/`
}
