// A command for run-parts: LOG GATE COUNT. Prints each record of stdin as done and notes it in LOG with the token, and
// after COUNT records waits until GATE is there.
import { appendFileSync, existsSync } from 'node:fs'
import process, { argv, env, stdin, stdout } from 'node:process'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'

const [log, gate, count] = argv.slice(2)
let left = Number(count)
for await (const line of createInterface(stdin)) {
  if (left-- <= 0) while (!existsSync(gate)) await sleep(10)
  const record = JSON.parse(line)
  appendFileSync(log, `${env.REKEY_TOKEN} ${record.key} ${process.pid}\n`)
  stdout.write(`${JSON.stringify({ ...record, outcome: 'done' })}\n`)
}
