/** What a bucket is opened with is what its first look asks for anyway, where that is known, and serves that look alone. */
import { afterEach, describe, expect, test } from 'vitest'
import { recordsOf, runTool } from '../../run-tool.ts'
import { s3Environment, s3Server } from '../../servers/s3.ts'
import type { ObedientServer } from './obedient-server.ts'
import { obedientServer } from './obedient-server.ts'
import { openAt, signal } from './open.ts'

const ended: Array<() => Promise<void>> = []
afterEach(async () => {
  for (const end of ended.splice(0).reverse()) await end()
})

const names = (start: string, count: number) => Array.from({ length: count }, (_, at) => `${start}/${100 + at}`)

async function planted(...keys: readonly string[]): Promise<ObedientServer> {
  const server = await obedientServer()
  ended.push(server.stop)
  for (const key of keys) server.objects.set(key, { body: Buffer.from('a'), etag: 'e-1', headers: {} })
  return server
}

/** Records of copies that are done. */
const copies = (store: string, count: number) =>
  names('from', count)
    .map((key) => `${JSON.stringify({ store, key, to: key.replace('from', 'to'), outcome: 'done' })}\n`)
    .join('')

const askedOf = ({ asked }: ObedientServer) =>
  asked.map(({ method, query }) =>
    method === 'GET' ? `${query.get('max-keys')} ${query.get('prefix') ?? ''}` : method,
  )

test('verify of dense keys asks for two pages of a listing and nothing else', async () => {
  const server = await planted(...names('from', 40), ...names('to', 40))
  const run = await runTool('verify', { stdin: copies('s3://bucket', 40), env: s3Environment(server) })
  expect(run.stderr).toContain('40 verified')
  expect(askedOf(server).sort()).toEqual(['1000 from/1', '1000 to/1'])
})

test('where a few keys are looked at one by one, the bucket is asked for one', async () => {
  const server = await planted(...names('from', 2), ...names('to', 2))
  const run = await runTool('verify', { stdin: copies('s3://bucket', 2), env: s3Environment(server) })
  expect(run.stderr).toContain('2 verified')
  expect(askedOf(server)).toEqual(['1 ', 'HEAD', 'HEAD', 'HEAD', 'HEAD'])
})

describe('the page that a bucket was opened with', () => {
  const keys = names('k', 20)

  test('serves the first look, in whatever order, and no other', async () => {
    const server = await planted(...keys)
    const store = await openAt(server, 's3://bucket', { firstKeys: keys })
    ended.push(() => store.close())
    for (const key of keys) server.objects.set(key, { body: Buffer.from('bb'), etag: 'e-2', headers: {} })
    const first = await store.stat(keys.toReversed(), signal)
    expect(first.map((entry) => entry && 'etag' in entry && entry.etag)).toEqual(keys.map(() => 'e-1'))
    expect(server.asked).toHaveLength(1)
    const second = await store.stat(keys, signal)
    expect(second.map((entry) => entry && 'etag' in entry && entry.etag)).toEqual(keys.map(() => 'e-2'))
    expect(server.asked).toHaveLength(2)
  })

  test('is out of date behind a look at other keys', async () => {
    const server = await planted(...keys, ...names('l', 20))
    const store = await openAt(server, 's3://bucket', { firstKeys: keys })
    ended.push(() => store.close())
    await store.stat(names('l', 20), signal)
    await store.stat(keys, signal)
    expect(server.asked).toHaveLength(3)
  })
})

test.each([
  ['a wrong secret', { secretKey: 'wrong' }, 2],
  ['a bucket that is not there', {}, 1],
])('what is wrong is found before the first record: %s', async (_, changed, code) => {
  const server = await s3Server()
  const env = s3Environment({ ...server, ...changed })
  const run = await runTool('verify', { stdin: copies('s3://rekey-there-is-none', 40), env })
  expect(run.code).toBe(code)
  if (code === 2) expect(run.stderr).toMatch(/E_AUTH: s3:\/\/rekey-there-is-none: .*look at AWS_ACCESS_KEY_ID/)
  else expect(recordsOf(run).map(({ error }) => error.code)).toEqual(names('', 40).map(() => 'E_LOCATION'))
})
