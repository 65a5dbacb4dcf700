/** Tries what its user may not do; prints how each ended: ROOT */
import { argv } from 'node:process'
import { RekeyError, toRekeyError } from '../../../../src/record/errors.ts'
import type { Outcome } from '../../../../src/store/contract.ts'
import { openStoreAt, signal } from '../open-store.ts'

const [root = ''] = argv.slice(2)
const store = await openStoreAt(root)
const wordOf = (result: unknown) => {
  if (result instanceof RekeyError) return result.code
  const outcome = result as Outcome
  return 'error' in outcome ? outcome.error.code : outcome.outcome
}
const ofList = async () => {
  const keys: unknown[] = []
  try {
    for await (const entries of store.list({}, signal)) keys.push(...entries.map(({ key }) => key))
    return 'listed'
  } catch (error) {
    return `${toRekeyError(error).code} ${toRekeyError(error).message} behind ${keys}`
  }
}
const pairs = [
  { from: 'closed/a', to: 'open/1' },
  { from: 'unreadable', to: 'open/2' },
  { from: 'readable', to: 'read-only/3' },
  { from: 'readable', to: 'read-only/new/4' },
  { from: 'readable', to: 'closed/new/5' },
  { from: 'readable', to: 'open/new/6' },
]
const result = {
  copied: (await store.copy(pairs, 'absent', signal)).map(wordOf),
  removed: (await store.remove([{ key: 'read-only/a', expect: { mtimeMs: 1_000_000 } }], signal)).map(wordOf),
  looked: (await store.stat(['closed/a'], signal)).map(wordOf),
  digests: (await store.digest(['unreadable'], signal)).map(wordOf),
  read: await store.read('unreadable', signal).then(() => 'read', wordOf),
  listed: await ofList(),
}
await store.close()
console.log(JSON.stringify(result))
