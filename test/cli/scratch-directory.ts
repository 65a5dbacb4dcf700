/** A directory of its own for each test file, gone when the file is through. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'

export async function scratchDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'rekey-test-'))
  afterAll(() => rm(directory, { recursive: true, force: true }))
  return directory
}
