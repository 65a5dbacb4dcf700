/** Takes one large file through every call that touches contents; prints each one's most resident memory: ROOT KEY */
import { argv, resourceUsage } from 'node:process'
import { openStoreAt, signal } from '../open-store.ts'

const [root = '', key = ''] = argv.slice(2)
const store = await openStoreAt(root)
const mostKb: Record<string, number> = {}
const measured = async <T>(name: string, act: () => Promise<T>): Promise<T> => {
  const result = await act()
  mostKb[name] = resourceUsage().maxRSS
  return result
}
await measured('before', () => store.stat([key], signal))
const copied = await measured('copy', () => store.copy([{ from: key, to: 'copied' }], 'absent', signal))
const content = await store.read(key, signal)
if (content === undefined) throw new Error(`${key} is absent`)
const written = await measured('write', () => store.write({ key: 'written', content }, 'absent', signal))
const digests = await measured('digest', () => store.digest([key, 'copied', 'written'], signal))
await store.close()
console.log(JSON.stringify({ outcomes: [copied[0]?.outcome, written.outcome], kinds: new Set(digests).size, mostKb }))
