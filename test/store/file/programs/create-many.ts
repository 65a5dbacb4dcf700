/** Waits for a line, then copies SOURCE to COUNT keys, one call each, and prints how each ended: ROOT SOURCE COUNT */
import { once } from 'node:events'
import { argv, stdin } from 'node:process'
import { openStoreAt, signal } from '../open-store.ts'

const [root = '', from = '', count] = argv.slice(2)
const store = await openStoreAt(root)
console.log('"ready"')
await once(stdin, 'data')
const words: string[] = []
for (let at = 0; at < Number(count); at++) {
  const [outcome] = await store.copy([{ from, to: `d/${at}` }], 'absent', signal)
  words.push(outcome?.outcome ?? 'none')
}
await store.close()
console.log(JSON.stringify(words))
stdin.destroy()
