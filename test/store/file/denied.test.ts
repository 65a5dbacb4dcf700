/** What a user may not do fails under its own key and is called E_DENIED. Runs as nobody where the tests are root's. */
import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, readdirSync, utimesSync } from 'node:fs'
import { userInfo } from 'node:os'
import { dirname } from 'node:path'
import { execPath } from 'node:process'
import { expect, onTestFinished, test } from 'vitest'
import { newDirectory, plantFiles } from './directory.ts'
import { bundleProgram } from './run-program.ts'

const NOBODY = 65534

test('each is denied alone, and what is allowed is done', async () => {
  const directory = newDirectory()
  plantFiles(directory, { before: 'b', 'closed/a': 'a', 'read-only/a': 'a', readable: 'r', unreadable: 'u' })
  mkdirSync(`${directory}/open`)
  utimesSync(`${directory}/read-only/a`, 1000, 1000)
  const program = await bundleProgram('try-all')
  const isRoot = userInfo().uid === 0
  if (isRoot) {
    chmodSync(dirname(program), 0o755)
    for (const name of readdirSync(directory, { recursive: true, encoding: 'utf8' })) own(`${directory}/${name}`)
    own(directory)
  }
  chmodSync(`${directory}/unreadable`, 0o200)
  chmodSync(`${directory}/read-only`, 0o555)
  chmodSync(`${directory}/closed`, 0o000)
  onTestFinished(() => {
    for (const name of ['read-only', 'closed']) chmodSync(`${directory}/${name}`, 0o700)
  })
  const as = isRoot ? { uid: NOBODY, gid: NOBODY } : {}
  const run = spawnSync(execPath, [program, directory], { ...as, encoding: 'utf8' })
  expect(run.stderr).toBe('')
  expect(JSON.parse(run.stdout)).toEqual({
    copied: ['E_DENIED', 'E_DENIED', 'E_DENIED', 'E_DENIED', 'E_DENIED', 'done'],
    removed: ['E_DENIED'],
    looked: ['E_DENIED'],
    digests: ['E_DENIED'],
    read: 'E_DENIED',
    listed: expect.stringMatching(/^E_DENIED .*"closed".* behind before$/),
  })
  expect(readdirSync(`${directory}/open`, { recursive: true })).toEqual(['new', 'new/6'])
})

function own(path: string): void {
  chownSync(path, NOBODY, NOBODY)
}
