/** Directories above the first key. */
import { existsSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { makeDirectory } from '../../../src/store/file/make-directory.ts'
import { runTool } from '../../run-tool.ts'
import { newDirectory } from './directory.ts'

test('those that are missing are made, and one that is there stays', () => {
  const directory = newDirectory()
  for (const path of ['a/b/c/', 'a/b', 'a/d']) {
    makeDirectory(`${directory}/${path}`)
    expect(existsSync(`${directory}/${path}`)).toBe(true)
  }
  writeFileSync(`${directory}/file`, '')
  expect(() => makeDirectory(`${directory}/file/x`)).toThrow('ENOTDIR')
})

test('where none can be made it is told at once, and progress goes on', async () => {
  const stdin = '{"key":"a","outcome":"done"}\n'
  const run = await runTool('track-progress', { args: ['/proc/rekey/rows'], stdin })
  expect(run).toMatchObject({ code: 0, stdout: stdin })
  expect(run.stderr).toContain('progress is not written')
})
