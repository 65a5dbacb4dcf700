// Plants small files: files.js DIRECTORY COUNT, a thousand a directory.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const FILES_A_DIRECTORY = 1000

const [directory, count] = process.argv.slice(2)
for (let number = 0; number < Number(count); number++) {
  const folder = join(directory, `part-${Math.floor(number / FILES_A_DIRECTORY)}`)
  if (number % FILES_A_DIRECTORY === 0) mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, `${number}.json`), `{"number":${number},"text":"${'a few words '.repeat(20)}"}`)
}
