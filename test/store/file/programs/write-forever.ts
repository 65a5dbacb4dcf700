/** Begins to write keys whose contents never end, says so, and waits to be killed: ROOT KEY... */
import { argv } from 'node:process'
import { openStoreAt, signal } from '../open-store.ts'

const [root = '', ...keys] = argv.slice(2)
const store = await openStoreAt(root)
setInterval(() => {}, 1000)
let begun = 0
const endless = async function* () {
  yield Buffer.from('half a content')
  if (++begun === keys.length) console.log('"begun"')
  await new Promise(() => {})
}
await Promise.all(keys.map((key) => store.write({ key, content: { form: 'plain', body: endless } }, 'absent', signal)))
