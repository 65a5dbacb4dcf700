/** A file that is larger than what a process should hold. */
import { closeSync, ftruncateSync, openSync, statSync, writeSync } from 'node:fs'
import { expect, test } from 'vitest'
import { newDirectory } from './directory.ts'
import { bundleProgram, runInShell } from './run-program.ts'

const SIZE_BYTES = 64 * 1024 * 1024
/** What reading and writing in pieces may take, garbage that is not collected yet included: less than the file. */
const GROWTH_KB = 40 * 1024

test('64 MiB are copied, read, written and digested in bounded memory', async () => {
  const directory = newDirectory()
  const file = openSync(`${directory}/large`, 'w')
  const block = Buffer.alloc(1024 * 1024)
  for (let at = 0; at < SIZE_BYTES; at += block.length) writeSync(file, block.fill(at % 251))
  ftruncateSync(file, SIZE_BYTES - 1)
  closeSync(file)
  const result = runInShell('exec "$@"', await bundleProgram('carry-large'), [directory, 'large'])
  const { outcomes, kinds, mostKb } = result as { outcomes: string[]; kinds: number; mostKb: Record<string, number> }
  expect(outcomes).toEqual(['done', 'done'])
  expect(kinds).toBe(1)
  expect((mostKb.digest ?? 0) - (mostKb.before ?? 0)).toBeLessThan(GROWTH_KB)
  expect(statSync(`${directory}/copied`).mtimeMs).toBeCloseTo(statSync(`${directory}/large`).mtimeMs, 1)
})
