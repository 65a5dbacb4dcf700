import { redisDatabase } from '../../redis-database.ts'
import { describeStore } from '../conformance.ts'
import { clientOf, openAt } from './open.ts'

describeStore('a Redis database', {
  async open() {
    const location = redisDatabase('redis store')
    const client = clientOf(location)
    await client.flushdb()
    const store = await openAt(location)
    return {
      store,
      plant: async (key, content) => {
        await client.set(key, typeof content === 'string' ? content : Buffer.from(content))
      },
      close: async () => {
        await store.close()
        client.disconnect()
      },
    }
  },
  traits: { ordered: false, unique: false, guards: ['absent', 'match', 'merge', 'any'], holds: ['type', 'expiry'] },
  oddKeys: [
    '',
    ' ',
    'with space',
    'new\nline\r\n',
    `'single' "double"`,
    'back\\slash',
    '*',
    '[a]',
    'a:b:c',
    '{tag}rest',
    '{}empty tag',
    '$6\r\nGET',
    'emoji 🦆',
    '\ufffd is a character too',
    'é composed',
    'e\u0301 decomposed',
    '__proto__',
    'nul\0byte',
    `long ${'x'.repeat(5000)}`,
    Buffer.from([0xff]),
    Buffer.from([0x00, 0x80, 0xff]),
    Buffer.from('latin-1 caf\xe9', 'latin1'),
  ],
})
