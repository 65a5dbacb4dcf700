/** Guards on writes in one request and in parts, on a server that obeys conditions and on one that ignores them. */
import { afterEach, describe, expect, test } from 'vitest'
import type { Content, Evidence, Guard, Outcome, Store } from '../../../src/store/contract.ts'
import type { ObedientServer } from './obedient-server.ts'
import { obedientServer } from './obedient-server.ts'
import { openAt, signal } from './open.ts'

const PART = 1000
const ended: Array<() => Promise<void>> = []
afterEach(async () => {
  for (const end of ended.splice(0).reverse()) await end()
})

async function opened(conditions: boolean | 'of copies'): Promise<{ server: ObedientServer; store: Store }> {
  const server = await obedientServer({ conditions })
  const store = await openAt(server, 's3://bucket', { variables: { REKEY_S3_PART_SIZE: String(PART) } })
  ended.push(server.stop, () => store.close())
  return { server, store }
}

function plant({ objects }: ObedientServer, key: string, text: string, etag: string): void {
  objects.set(key, { body: Buffer.from(text), etag, headers: {} })
}

const SEEN = '1'.repeat(32)
const OTHER = '2'.repeat(32)
const SIZES = { 'in one request': 10, 'in parts': 2500 }

/** A write or a copy of so many bytes to `to`; `overtaken` happens when the store has looked, and before it writes. */
const WAYS: Readonly<Record<string, (asked: Asking) => Promise<Outcome | undefined>>> = {
  async write({ store, sizeBytes, guard, expect: evidence = {}, overtaken }) {
    const content: Content = {
      form: 'plain',
      sizeBytes,
      async *body() {
        overtaken()
        yield Buffer.alloc(sizeBytes)
      },
    }
    return await store.write?.({ key: 'to', content, expect: evidence }, guard, signal)
  },
  async copy({ store, server, sizeBytes, guard, expect: evidence = {}, overtaken }) {
    plant(server, 'from', 'x'.repeat(sizeBytes), 'f'.repeat(32))
    server.before = ({ headers }) => {
      if (String(headers['x-amz-copy-source']).endsWith('/from')) overtaken()
    }
    const outcomes = await store.copy?.([{ from: 'from', to: 'to', expect: evidence }], guard, signal)
    return outcomes?.[0]
  },
}

interface Asking {
  readonly store: Store
  readonly server: ObedientServer
  readonly sizeBytes: number
  readonly guard: Guard
  readonly expect?: Evidence
  overtaken(): void
}

const CHANGED = { outcome: 'failed', error: { code: 'E_CHANGED' } }

describe.each([true, false])('where conditions are obeyed: %s', (conditions) => {
  describe.each(Object.entries(SIZES))('%s', (_, sizeBytes) => {
    describe.each(Object.entries(WAYS))('a %s', (_name, way) => {
      const nothing = () => {}

      test('replaces what is as it was seen', async () => {
        const { server, store } = await opened(conditions)
        plant(server, 'to', 'seen', SEEN)
        const asking = { store, server, sizeBytes, guard: 'match', expect: { etag: SEEN }, overtaken: nothing } as const
        expect(await way(asking)).toMatchObject({ outcome: 'done' })
        expect(server.objects.get('to')?.body.length).toBe(sizeBytes)
        expect(server.uploads.size).toBe(0)
      })

      test('leaves what is another', async () => {
        const { server, store } = await opened(conditions)
        plant(server, 'to', 'theirs', OTHER)
        const asking = { store, server, sizeBytes, guard: 'match', expect: { etag: SEEN }, overtaken: nothing } as const
        expect(await way(asking)).toMatchObject(CHANGED)
        expect(String(server.objects.get('to')?.body)).toBe('theirs')
        expect(server.uploads.size).toBe(0)
      })

      test('leaves what is there, when it is to create', async () => {
        const { server, store } = await opened(conditions)
        plant(server, 'to', 'theirs', OTHER)
        const asking = { store, server, sizeBytes, guard: 'absent', overtaken: nothing } as const
        expect(await way(asking)).toMatchObject({ outcome: 'skipped', reason: 'exists' })
        expect(String(server.objects.get('to')?.body)).toBe('theirs')
        expect(server.uploads.size).toBe(0)
      })

      // In parts, what ignores conditions is looked at once more before the end. In one request there is no later look.
      if (!conditions && sizeBytes <= PART) return
      test('leaves what has come in between', async () => {
        for (const guard of ['match', 'absent'] as const) {
          const { server, store } = await opened(conditions)
          if (guard === 'match') plant(server, 'to', 'seen', SEEN)
          const overtaken = () => plant(server, 'to', 'theirs', OTHER)
          const asking = { store, server, sizeBytes, guard, expect: { etag: SEEN }, overtaken }
          expect(await way(asking)).toMatchObject(
            guard === 'match' ? CHANGED : { outcome: 'skipped', reason: 'exists' },
          )
          expect(String(server.objects.get('to')?.body)).toBe('theirs')
          expect(server.uploads.size).toBe(0)
        }
      })
    })
  })
})

test.each([true, 'of copies'] as const)(
  'a copy to what is being written, where conditions are obeyed: %s',
  async (conditions) => {
    const { server, store } = await opened(conditions)
    plant(server, 'from', 'copied', OTHER)
    let copying: Promise<readonly Outcome[]> | undefined
    const content: Content = {
      form: 'plain',
      sizeBytes: 7,
      async *body() {
        copying = store.copy?.([{ from: 'from', to: 'to' }], 'absent', signal)
        // A copy that nothing holds up is made in less time than these take.
        for (let nth = 0; nth < 10; nth++) await store.stat(['from'], signal)
        yield Buffer.from('written')
      },
    }
    const written = await store.write?.({ key: 'to', content }, 'absent', signal)
    const copied = (await copying)?.[0]
    expect([written, copied].map((one) => one?.outcome).sort()).toEqual(['done', 'skipped'])
    expect(String(server.objects.get('to')?.body)).toBe(copied?.outcome === 'done' ? 'copied' : 'written')
  },
)

test('a write in parts is completed under the condition, where it is obeyed', async () => {
  const asked = async (conditions: boolean) => {
    const { server, store } = await opened(conditions)
    plant(server, 'to', 'seen', SEEN)
    const write = WAYS.write as NonNullable<(typeof WAYS)['write']>
    await write({ store, server, sizeBytes: 2500, guard: 'match', expect: { etag: SEEN }, overtaken: () => {} })
    const completed = server.asked.filter(({ method, query }) => method === 'POST' && query.has('uploadId'))
    return completed.map(({ headers }) => headers['if-match'])
  }
  expect(await asked(true)).toEqual([`"${SEEN}"`])
  expect(await asked(false)).toEqual([undefined])
})

test('a copy in parts that fails is the outcome of its own pair, and others of its batch have theirs', async () => {
  const { server, store } = await opened(true)
  plant(server, 'large', 'x'.repeat(2500), SEEN)
  plant(server, 'small', 'copied', OTHER)
  server.before = ({ method, key, headers }) => {
    const isLook = method === 'HEAD' && key === 'large' && headers['x-amz-checksum-mode'] !== undefined
    if (isLook) plant(server, 'large', 'y'.repeat(2600), 'e'.repeat(32))
  }
  const pairs = ['large', 'small', 'none'].map((from) => ({ from, to: `${from}, copied` }))
  expect(await store.copy?.(pairs, 'absent', signal)).toMatchObject([
    CHANGED,
    { outcome: 'done', etag: OTHER },
    { outcome: 'skipped', reason: 'gone' },
  ])
  expect(server.objects.has('large, copied')).toBe(false)
  expect(server.uploads.size).toBe(0)
})
