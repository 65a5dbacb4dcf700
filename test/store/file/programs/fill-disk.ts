/** Copies and writes more than there is room for, and prints what became of it and what the directory holds: ROOT */
import { readdirSync, statSync, writeFileSync } from 'node:fs'
import { argv } from 'node:process'
import type { Outcome } from '../../../../src/store/contract.ts'
import { openStoreAt, signal } from '../open-store.ts'

const ROOM_BYTES = 64 * 1024
const [root = ''] = argv.slice(2)
const store = await openStoreAt(root)
writeFileSync(`${root}/small`, Buffer.alloc(1000, 's'))
writeFileSync(`${root}/large`, Buffer.alloc(ROOM_BYTES / 2 + 4096, 'l'))
const bodyOf = (sizeBytes: number) =>
  async function* () {
    for (let left = sizeBytes; left > 0; left -= 10_000) yield Buffer.alloc(Math.min(left, 10_000), 'w')
  }
const write = (key: string, sizeBytes: number) =>
  store.write({ key, content: { form: 'plain', sizeBytes, body: bodyOf(sizeBytes) } }, 'absent', signal)
const outcomes = [
  ...(await store.copy(
    [
      { from: 'small', to: 'new/small' },
      { from: 'large', to: 'other/large' },
      { from: 'small', to: 'new/small-2' },
    ],
    'absent',
    signal,
  )),
  await write('written/too-much', 2 * ROOM_BYTES),
  await write('written/enough', 1000),
]
await store.close()
const names = readdirSync(root, { recursive: true, encoding: 'utf8' }).sort()
const files = names.map((name) => {
  const stats = statSync(`${root}/${name}`)
  return stats.isFile() ? [name, stats.size] : name
})
const wordOf = (outcome: Outcome) => ('error' in outcome ? outcome.error.code : outcome.outcome)
console.log(JSON.stringify({ outcomes: outcomes.map(wordOf), files }))
