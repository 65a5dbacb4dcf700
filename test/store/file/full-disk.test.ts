/** No room: a failed record and no half file. On a real small file system where one can be mounted. */
import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { newDirectory } from './directory.ts'
import { bundleProgram, runInShell } from './run-program.ts'

/** Files of this process may not be longer than 36 KiB, and it is told so instead of ended. */
const LIMITED = `trap '' XFSZ; ulimit -f 72; exec "$@"`

/** A mount namespace of its own: what is mounted there is gone with the process. Containers often forbid it. */
const NAMESPACES = ['unshare -m', 'unshare -rm']

test('a file system of 64 KiB fails what it has no room for, and that only', async () => {
  const directory = newDirectory()
  const unshare = NAMESPACES.find(
    (way) => spawnSync('sh', ['-c', `${way} mount -t tmpfs none ${directory}`]).status === 0,
  )
  const mounted = `exec ${unshare} sh -c 'mount -t tmpfs -o size=64k none "$3" && exec "$@"' sh "$@"`
  const result = runInShell(unshare === undefined ? LIMITED : mounted, await bundleProgram('fill-disk'), [directory])
  expect(result).toEqual(unshare === undefined ? afterwards('done') : afterwards('E_FULL'))
})

test('a limit on the size of files does the same', async () => {
  const directory = newDirectory()
  expect(runInShell(LIMITED, await bundleProgram('fill-disk'), [directory])).toEqual(afterwards('done'))
})

/** What the program says: `large` is half of what there is room for, and just within the limit on files. */
function afterwards(copyOfLarge: 'done' | 'E_FULL') {
  const other = copyOfLarge === 'done' ? ['other', ['other/large', 36864]] : []
  return {
    outcomes: ['done', copyOfLarge, 'done', 'E_FULL', 'done'],
    files: [
      ['large', 36864],
      'new',
      ['new/small', 1000],
      ['new/small-2', 1000],
      ...other,
      ['small', 1000],
      'written',
      ['written/enough', 1000],
    ],
  }
}
