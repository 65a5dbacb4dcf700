// Prints records as list-keys prints those of a Redis database, 143 bytes each with its newline, no key twice.
// usage: records.js COUNT > FILE
import { once } from 'node:events'

const BATCH = 1000

const count = Number(process.argv[2])
for (let at = 0; at < count; at += BATCH) {
  let text = ''
  for (let number = at; number < Math.min(at + BATCH, count); number++) text += `${recordText(number)}\n`
  if (!process.stdout.write(text)) await once(process.stdout, 'drain')
}

function recordText(number) {
  const key = `job:${hex(number)}-5f0e-4c1b-9a77-${hex(Math.imul(number, 0x9e3779b1))}810a-${hex(number).slice(-5)}`
  return `{"store":"redis://127.0.0.1:6379/0","key":"${key}","type":"hash","expires":"2026-03-01T00:00:00.000Z"}`
}

function hex(number) {
  return (number >>> 0).toString(16).padStart(8, '0')
}
