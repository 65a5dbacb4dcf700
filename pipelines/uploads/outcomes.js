// Hands on, as they are, the lines of a COMMAND that are records with an outcome. What else it prints would stand in the
// journal and among the rows of progress as a failure that nothing takes up: the first ten such lines are shown on stderr.
// usage: COMMAND | outcomes.js
import { once } from 'node:events'
import { createInterface } from 'node:readline'

const SHOWN = 10
// The COMMAND has been told as well, and what it still prints is to be kept.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => {})
process.stdout.on('error', () => process.exit(3))

let others = 0
for await (const line of createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY })) {
  if (isOutcome(line)) {
    if (!process.stdout.write(`${line}\n`)) await once(process.stdout, 'drain')
  } else if (others++ < SHOWN) {
    console.error(
      `uploads: COMMAND printed what is no record with an outcome, and it is left out: ${line.slice(0, 200)}`,
    )
  }
}
if (others > SHOWN) console.error(`uploads: … and ${others - SHOWN} more such lines`)

function isOutcome(line) {
  try {
    const { key, key64, outcome } = JSON.parse(line)
    return typeof (key ?? key64) === 'string' && typeof outcome === 'string'
  } catch {
    return false
  }
}
