import { createServer } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { RekeyError } from '../../../src/record/errors.ts'
import type { Outcome, Store } from '../../../src/store/contract.ts'
import { freePort } from '../../servers/free-port.ts'
import type { RedisServer } from '../../servers/redis.ts'
import { startRedis } from '../../servers/redis.ts'
import type { RedisProxy } from '../../servers/redis-proxy.ts'
import { startProxy } from '../../servers/redis-proxy.ts'
import { startRedisTls } from '../../servers/redis-tls.ts'
import { clientOf, listAll, only, openAt, signal } from './open.ts'

let server: RedisServer
let client: Redis
const opened: Store[] = []

beforeAll(async () => {
  server = await startRedis(['--repl-diskless-sync-delay', '0'])
  client = clientOf(server.location)
})
afterAll(async () => {
  client.disconnect()
  await server.stop()
})
beforeEach(async () => {
  await client.flushall()
  await client.mset('a', '1', 'b', '2')
})
afterEach(async () => {
  await Promise.all(opened.splice(0).map((store) => store.close()))
})

async function open(...args: Parameters<typeof openAt>): Promise<Store> {
  const store = await openAt(...args)
  opened.push(store)
  return store
}

async function failure(call: Promise<unknown> | undefined): Promise<RekeyError> {
  const error = await Promise.resolve(call).then(
    () => undefined,
    (thrown) => thrown,
  )
  if (!(error instanceof RekeyError)) throw new Error(`no RekeyError but ${error}`)
  return error
}

const copyTo = (store: Store, to: string, guard: 'absent' | 'any' | 'merge' = 'absent') =>
  store.copy?.([{ from: 'a', to }], guard, signal)

function errorOf(outcomes: readonly Outcome[] | undefined): readonly [string, string, string] {
  const one = only(outcomes ?? [])
  if (!('error' in one)) throw new Error(`no error but ${JSON.stringify(one)}`)
  return [one.outcome, one.error.code, one.error.message]
}

describe('opening finds', () => {
  test('that nothing listens, at once', async () => {
    const error = await failure(openAt(`redis://127.0.0.1:${await freePort()}/0`))
    expect(error).toMatchObject({ code: 'E_CONNECTION', retryable: true })
    expect(error.message).toMatch(/ECONNREFUSED/)
  })

  test('that no host has the name', async () => {
    expect((await failure(openAt('redis://no-such-host.invalid/0'))).code).toBe('E_CONNECTION')
  })

  test('that there is something which does not answer', async () => {
    const silent = createServer()
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    const { port } = silent.address() as { port: number }
    const error = await failure(openAt(`redis://127.0.0.1:${port}/0`, { timeoutMs: 100 }))
    silent.close()
    expect(error).toMatchObject({ code: 'E_TIMEOUT', retryable: true })
  })

  test('a wrong password and a missing one, without showing it', async () => {
    const guarded = await startRedis(['--requirepass', 'right'])
    const at = guarded.location.replace('redis://', 'redis://:wrong-secret@')
    const wrong = await failure(openAt(at))
    expect(wrong).toMatchObject({ code: 'E_AUTH', retryable: false })
    expect(wrong.message).not.toContain('wrong-secret')
    expect(await failure(openAt(guarded.location))).toMatchObject({ code: 'E_AUTH' })
    const store = await open(guarded.location, {}, { REDISCLI_AUTH: 'right' })
    expect(store.location).toBe(guarded.location)
    expect(await store.stat(['a'], signal)).toEqual([undefined])
    const other = await open(`${at.replace('wrong-secret', 'right')}`)
    expect(other.location).toBe(guarded.location)
    await guarded.stop()
  })

  test('that there is no database of that number', async () => {
    expect((await failure(openAt(server.location.replace(/0$/, '99')))).code).toBe('E_LOCATION')
  })

  test('that it is no cluster', async () => {
    const error = await failure(openAt(`redis+cluster://127.0.0.1:${server.port}`))
    expect(error.code).toBe('E_LOCATION')
    expect(error.message).toMatch(/is no cluster/)
  })

  test('a password that is not needed, and goes on', async () => {
    const store = await open(server.location, {}, { REDISCLI_AUTH: 'needless' })
    expect(await store.stat(['a'], signal)).toMatchObject([{ key: 'a' }])
  })
})

describe('TLS', () => {
  test('with the authority that REDIS_CA_FILE names, and clear words without it', async () => {
    const secure = await startRedisTls()
    const location = `rediss://localhost:${secure.port}/0`
    const store = await open(location, {}, { REDIS_CA_FILE: secure.caFile })
    expect(await store.stat(['a', 'b'], signal)).toEqual([undefined, undefined])
    const untrusted = await failure(openAt(location))
    expect(untrusted.code).toBe('E_CONNECTION')
    expect(untrusted.message).toMatch(/REDIS_CA_FILE/)
    const other = await failure(openAt(`rediss://127.0.0.1:${secure.port}/0`, {}, { REDIS_CA_FILE: secure.caFile }))
    expect(other.message).toMatch(/for another host/)
    const plain = await failure(openAt(`redis://localhost:${secure.port}/0`))
    expect(plain).toMatchObject({ code: 'E_CONNECTION' })
    expect(await failure(openAt(location, {}, { REDIS_CA_FILE: '/nowhere' }))).toMatchObject({ code: 'E_USAGE' })
    await secure.stop()
  })

  test('to a server that speaks none', async () => {
    const error = await failure(openAt(`rediss://127.0.0.1:${server.port}/0`, { timeoutMs: 1000 }))
    expect(error.code).toBe('E_CONNECTION')
    expect(error.message).toMatch(/no TLS/)
  })
})

describe('a user without a permission', () => {
  const as = async (...rules: string[]) => {
    await client.call('ACL', 'SETUSER', 'limited', 'reset', 'on', 'nopass', '~*', '+@all', ...rules)
    return await open(server.location.replace('redis://', 'redis://limited:any@'))
  }

  test('to COPY is told so, for each key', async () => {
    const [outcome, code, message] = errorOf(await copyTo(await as('-copy'), 'c'))
    expect([outcome, code]).toEqual(['failed', 'E_DENIED'])
    expect(message).toMatch(/"c".*COPY/)
    expect(await client.exists('c')).toBe(0)
  })

  test('to SCAN cannot list', async () => {
    const error = await failure(listAll(await as('-scan')))
    expect(error.code).toBe('E_DENIED')
    expect(error.message).toMatch(/SCAN/)
  })

  test('to use some keys is told which, and may use the others', async () => {
    const store = await as('resetkeys', '~a*')
    expect(await store.stat(['a', 'b', 'absent'], signal)).toMatchObject([
      { key: 'a' },
      { code: 'E_DENIED' },
      undefined,
    ])
    expect(await store.digest?.(['a', 'b'], signal)).toMatchObject([
      expect.stringMatching(/^redis-sha1:/),
      { code: 'E_DENIED' },
    ])
    const outcomes = await store.copy?.(
      [
        { from: 'a', to: 'a2' },
        { from: 'b', to: 'a3' },
        { from: 'a', to: 'b2' },
      ],
      'absent',
      signal,
    )
    expect(outcomes?.map((one) => ('error' in one ? one.error.code : one.outcome))).toEqual([
      'done',
      'E_DENIED',
      'E_DENIED',
    ])
  })

  test('to write can look and compare', async () => {
    const store = await as('-@write')
    expect(await listAll(store)).toHaveLength(2)
    const digest = only((await store.digest?.(['a'], signal)) ?? []) as string
    const [outcome, code] = errorOf(await store.remove?.([{ key: 'a', expect: { digest } }], signal))
    expect([outcome, code]).toEqual(['failed', 'E_DENIED'])
    expect(await client.exists('a')).toBe(1)
  })

  test.each(['multi', 'exec'])('to %s writes nothing, though it may write and watch', async (command) => {
    const store = await as('-@scripting', `-${command}`)
    const digest = only((await store.digest?.(['a'], signal)) ?? []) as string
    const removed = errorOf(await store.remove?.([{ key: 'a', expect: { digest } }], signal))
    const replaced = errorOf(await store.copy?.([{ from: 'b', to: 'a', expect: { digest } }], 'match', signal))
    for (const [outcome, code, message] of [removed, replaced]) {
      expect([outcome, code]).toEqual(['failed', 'E_DENIED'])
      expect(message).toContain(`+${command}`)
    }
    expect(await client.mget('a', 'b')).toEqual(['1', '2'])
  })

  test('to PING or to know the server may still work', async () => {
    const store = await as('-ping', '-info', '-client')
    expect(await store.stat(['a'], signal)).toMatchObject([{ key: 'a' }])
  })
})

describe('a server that', () => {
  test('has no memory left says E_FULL, and nothing is half written', async () => {
    const store = await open(server.location)
    await client.config('SET', 'maxmemory', '1')
    try {
      expect(errorOf(await copyTo(store, 'c')).slice(0, 2)).toEqual(['failed', 'E_FULL'])
      const content = await store.read?.('a', signal)
      if (content === undefined) throw new Error('absent')
      const written = await store.write?.({ key: 'c', content }, 'absent', signal)
      expect(errorOf(written && [written]).slice(0, 2)).toEqual(['failed', 'E_FULL'])
    } finally {
      await client.config('SET', 'maxmemory', '0')
    }
    expect(await client.exists('c')).toBe(0)
  })

  test('is a replica can be read and says E_READONLY to writes', async () => {
    const replica = await startRedis(['--replicaof', '127.0.0.1', String(server.port)])
    const replicaClient = clientOf(replica.location)
    while (!/master_link_status:up/.test(await replicaClient.info('replication'))) await new Promise(setImmediate)
    const store = await open(replica.location)
    expect((await listAll(store)).map(({ key }) => key).sort()).toEqual(['a', 'b'])
    expect(errorOf(await copyTo(store, 'c')).slice(0, 2)).toEqual(['failed', 'E_READONLY'])
    const digest = only((await store.digest?.(['a'], signal)) ?? []) as string
    expect(errorOf(await store.remove?.([{ key: 'a', expect: { digest } }], signal)).slice(0, 2)).toEqual([
      'failed',
      'E_READONLY',
    ])
    expect(errorOf(await copyTo(store, 'b', 'merge')).slice(0, 1)).toEqual(['failed'])
    replicaClient.disconnect()
    await replica.stop()
  })

  test('is loading can be opened, and says E_BUSY', async () => {
    const loading = createServer((socket) => {
      socket.on('error', () => {})
      socket.on('data', (bytes) => {
        const commands = bytes.toString('latin1').match(/\*\d+\r\n/g)?.length ?? 0
        socket.write('-LOADING Redis is loading the dataset in memory\r\n'.repeat(commands))
      })
    })
    await new Promise<void>((resolve) => loading.listen(0, '127.0.0.1', resolve))
    const { port } = loading.address() as { port: number }
    const store = await open(`redis://127.0.0.1:${port}/0`)
    expect(await store.stat(['a'], signal)).toMatchObject([{ code: 'E_BUSY', retryable: true }])
    expect(errorOf(await copyTo(store, 'c')).slice(0, 2)).toEqual(['failed', 'E_BUSY'])
    await store.close()
    loading.close()
  })

  test('is busy with a script while it is connected to is not asked in another database later', async () => {
    const slow = await startRedis(['--lua-time-limit', '1'])
    const slowClient = clientOf(slow.location)
    const killer = clientOf(slow.location)
    await Promise.all([slowClient.set('of-database-0', '1'), killer.ping()])
    const script = slowClient.eval('while true do end', 0).catch(() => {})
    while ((await killer.ping().catch((thrown) => String(thrown))) === 'PONG') await new Promise(setImmediate)
    const early = await open(slow.location.replace(/0$/, '5')).catch((thrown) => thrown)
    await killer.script('KILL')
    await script
    const late = await open(slow.location.replace(/0$/, '5'))
    expect(await listAll(late)).toEqual([])
    expect(early).toMatchObject({ code: 'E_BUSY', retryable: true })
    slowClient.disconnect()
    killer.disconnect()
    await slow.stop()
  })

  test('cannot save to its disk says E_READONLY', async () => {
    const stuck = await startRedis([
      '--save',
      '1 1',
      '--stop-writes-on-bgsave-error',
      'yes',
      '--dbfilename',
      'dump.rdb',
    ])
    const stuckClient = clientOf(stuck.location)
    await stuckClient.set('a', '1')
    await stuckClient.config('SET', 'rdbcompression', 'no')
    const { rm } = await import('node:fs/promises')
    await rm(stuck.directory, { recursive: true })
    await stuckClient.bgsave().catch(() => {})
    while (!/rdb_last_bgsave_status:err/.test(await stuckClient.info('persistence'))) await wait(5)
    const store = await open(stuck.location)
    expect(errorOf(await copyTo(store, 'c')).slice(0, 2)).toEqual(['failed', 'E_READONLY'])
    stuckClient.disconnect()
    await stuck.kill()
  })
})

describe('a connection that', () => {
  let proxy: RedisProxy
  let store: Store
  beforeEach(async () => {
    proxy = await startProxy(server.port)
    store = await open(`redis://127.0.0.1:${proxy.port}/0`, { timeoutMs: 300 })
  })
  afterEach(() => proxy.stop())

  test('loses the answer to a write leaves it unknown, though it was carried out', async () => {
    proxy.loseAnswerTo('COPY')
    const [outcome, code] = errorOf(await copyTo(store, 'lost-answer'))
    expect([outcome, code]).toEqual(['unknown', 'E_UNANSWERED'])
    expect(await client.get('lost-answer')).toBe('1')
    expect(await copyTo(store, 'next')).toEqual([{ outcome: 'done' }])
    expect(proxy.connections()).toBe(2)
  })

  test('loses the answer to a read makes it fail, to be tried again', async () => {
    proxy.loseAnswerTo('EVALSHA')
    expect(await store.stat(['a'], signal)).toMatchObject([{ code: 'E_CONNECTION', retryable: true }])
    expect(await store.stat(['a'], signal)).toMatchObject([{ key: 'a' }])
  })

  test('is cut amid the answers to a batch knows which were answered, and each copy is either done or unknown', async () => {
    const pairs = Array.from({ length: 100 }, (_, at) => ({ from: 'a', to: `to:${at}` }))
    proxy.cutAfter(':1\r\n'.length * 40)
    const outcomes = (await store.copy?.(pairs, 'absent', signal)) ?? []
    expect(outcomes.map(({ outcome }) => outcome)).toEqual([...Array(40).fill('done'), ...Array(60).fill('unknown')])
    const again = (await store.copy?.(pairs, 'absent', signal)) ?? []
    expect(new Set(again.map((one) => ('reason' in one ? one.reason : one.outcome)))).toEqual(new Set(['exists']))
  })

  test('hangs is given up after the time, and the write is unknown', async () => {
    proxy.hangOn('COPY')
    expect(errorOf(await copyTo(store, 'c')).slice(0, 2)).toEqual(['unknown', 'E_TIMEOUT'])
    proxy.hangOn('EVALSHA')
    expect(await store.digest?.(['a'], signal)).toMatchObject([{ code: 'E_TIMEOUT', retryable: true }])
  })

  test('was lost while idle is made anew by the next call', async () => {
    const [mine] = String(await client.client('LIST'))
      .split('\n')
      .filter((line) => !line.includes(`id=${connectionId}`) && /cmd=ping/.test(line))
    await client.call('CLIENT', 'KILL', 'ID', /id=(\d+)/.exec(mine ?? '')?.[1] ?? '0')
    const first = only(await store.stat(['a'], signal))
    const second = only(await store.stat(['a'], signal))
    expect(
      first === undefined || first instanceof RekeyError ? (first as RekeyError).retryable : first.key,
    ).toBeTruthy()
    expect(second).toMatchObject({ key: 'a' })
  })

  test('cannot be made fails what was never sent, to be tried again', async () => {
    await proxy.stop()
    await store.stat(['a'], signal)
    const [outcome, code] = errorOf(await copyTo(store, 'c'))
    expect([outcome, code]).toEqual(['failed', 'E_CONNECTION'])
    proxy = await startProxy(server.port)
  })

  test('a signal ends at once', async () => {
    const controller = new AbortController()
    proxy.hangOn('COPY')
    const copying = store.copy?.([{ from: 'a', to: 'c' }], 'absent', controller.signal)
    await new Promise(setImmediate)
    controller.abort()
    expect((await copying)?.map(({ outcome }) => outcome)).toEqual(['unknown'])
    const later = await store.copy?.([{ from: 'a', to: 'd' }], 'absent', controller.signal)
    expect(errorOf(later).slice(0, 2)).toEqual(['failed', 'E_CONNECTION'])
  })

  let connectionId: string
  beforeEach(async () => {
    connectionId = String(await client.client('ID'))
  })
})

test('a listing whose connection is cut fails and does not end as if it were whole', async () => {
  const pipeline = client.pipeline()
  for (let at = 0; at < 5000; at++) pipeline.set(`key:${at}`, 'v')
  await pipeline.exec()
  const proxy = await startProxy(server.port)
  const store = await open(`redis://127.0.0.1:${proxy.port}/0`)
  proxy.cutAfter(60_000)
  expect(await failure(listAll(store))).toMatchObject({ code: 'E_CONNECTION', retryable: true })
  expect(new Set((await listAll(store)).map(({ key }) => key)).size).toBe(5002)
  await proxy.stop()
})
