/** Directories of files that a test plants and reads back. They are removed when the test file is done. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll } from 'vitest'

const planted: string[] = []
afterAll(async () => {
  await Promise.all(planted.map((directory) => rm(directory, { recursive: true, force: true })))
})

/** A new directory that holds these files, by path and content. */
export async function directoryWith(files: Readonly<Record<string, string>>): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'rekey-test-'))
  planted.push(directory)
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(directory, path)), { recursive: true })
    await writeFile(join(directory, path), content)
  }
  return directory
}

/** Every file below a directory, by path and content. */
export async function filesIn(directory: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {}
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    found[path.slice(directory.length + 1)] = await readFile(path, 'utf8')
  }
  return found
}
