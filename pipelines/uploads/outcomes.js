// Hands on, as they are, the lines of a COMMAND that are records with an outcome. What else it prints would stand in the
// journal and among the rows of progress as a failure that nothing takes up: the first ten such lines are shown on stderr.
// usage: COMMAND | outcomes.js
import { pipeline } from 'node:stream/promises'
import { lines } from '../lines.js'

const SHOWN = 10
// The COMMAND has been told as well, and what it still prints is to be kept.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => {})

let others = 0
// Where nobody reads any more, the COMMAND is told so by its own output.
await pipeline(process.stdin, lines, outcomes, process.stdout).catch(() => {
  process.exitCode = 3
})
if (others > SHOWN) console.error(`uploads: … and ${others - SHOWN} more such lines`)

async function* outcomes(texts) {
  for await (const line of texts) {
    if (isOutcome(line)) yield `${line}\n`
    else if (others++ < SHOWN) {
      console.error(
        `uploads: COMMAND printed what is no record with an outcome, and it is left out: ${line.slice(0, 200)}`,
      )
    }
  }
}

function isOutcome(line) {
  try {
    const { key, key64, outcome } = JSON.parse(line)
    return typeof (key ?? key64) === 'string' && typeof outcome === 'string'
  } catch {
    return false
  }
}
