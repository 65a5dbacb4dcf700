/** A server that does not obey the conditions of PUT is found out before anybody relies on it. */
import type { ServerResponse } from 'node:http'
import { expect, test, vi } from 'vitest'
import { STORE_DEFAULTS } from '../../../src/store/contract.ts'
import { openLeases } from '../../../src/store/lease/open.ts'
import { s3Environment } from '../../servers/s3.ts'
import type { Received } from '../s3/fake-server.ts'
import { fakeServer } from '../s3/fake-server.ts'
import { surroundings } from '../s3/open.ts'

type Condition = 'if-none-match' | 'if-match'

/** One object, and the conditions that this server obeys; `bare` takes the etag only without its quotes. */
function server(obeys: readonly Condition[], bare = false) {
  let etag: string | undefined
  let puts = 0
  return fakeServer((response: ServerResponse, { method, headers }: Received) => {
    const wanted = bare ? etag?.replaceAll('"', '') : etag
    const refused =
      (obeys.includes('if-none-match') && headers['if-none-match'] === '*' && etag !== undefined) ||
      (obeys.includes('if-match') && headers['if-match'] !== undefined && headers['if-match'] !== wanted)
    if (method === 'PUT' && refused) return response.writeHead(412).end()
    if (method === 'PUT') etag = `"${++puts}"`
    return response.writeHead(200, { ...(etag !== undefined && { etag }) }).end()
  })
}

async function check(obeys: readonly Condition[], bare = false): Promise<unknown> {
  const fake = await server(obeys, bare)
  const access = { endpoint: fake.origin, accessKey: 'a', secretKey: 's', id: 'x' }
  for (const [name, value] of Object.entries(s3Environment(access as never))) vi.stubEnv(name, value)
  const space = await openLeases('s3://bucket/leases', STORE_DEFAULTS, surroundings())
  vi.unstubAllEnvs()
  try {
    return await space.check(new AbortController().signal).catch((thrown) => thrown)
  } finally {
    await space.close()
    await fake.stop()
  }
}

test.each<[readonly Condition[], string]>([
  [[], 'If-None-Match'],
  [['if-match'], 'If-None-Match'],
  [['if-none-match'], 'If-Match'],
])('obeys %j: no leases', async (obeys, named) => {
  expect(await check(obeys)).toMatchObject({
    code: 'E_UNSUPPORTED',
    message: expect.stringMatching(new RegExp(`s3://bucket/leases/: .* ${named} on PUT.*--lease`)),
  })
})

test.each([false, true])('obeys both, etags without quotes: %s', async (bare) => {
  expect(await check(['if-none-match', 'if-match'], bare)).toBe(undefined)
})
