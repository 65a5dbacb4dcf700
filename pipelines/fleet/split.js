// split.js open|any|bad FILE THOSE OTHERS: parts the records of a file, line by line as they are, into those that are open
// (have no outcome), any, or bad (failed, unknown or found to differ), and the others. Refuses, with exit code 2, a line that
// names no key.

import { once } from 'node:events'
import { createReadStream, createWriteStream } from 'node:fs'
import { lines } from '../lines.js'

const KINDS = {
  open: ({ outcome }) => outcome === undefined,
  any: () => true,
  bad: ({ outcome, verified }) => outcome === 'failed' || outcome === 'unknown' || verified === false,
}

const [kind, file, thosePath, othersPath] = process.argv.slice(2)
const those = createWriteStream(thosePath)
const others = createWriteStream(othersPath)
let number = 0
for await (const line of lines(createReadStream(file))) {
  number++
  if (line.trim() === '') continue
  const record = read(line)
  if (typeof (record?.key ?? record?.key64) !== 'string') {
    console.error(`fleet: line ${number} of ${file} names no key. Mend the line, or leave it out`)
    process.exitCode = 2
    break
  }
  const place = KINDS[kind](record) ? those : others
  if (!place.write(`${line}\n`)) await once(place, 'drain')
}
those.end()
others.end()
await Promise.all([once(those, 'close'), once(others, 'close')])

function read(line) {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
