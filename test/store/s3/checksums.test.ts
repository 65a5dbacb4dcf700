/** Checksums, end to end: of what is written, of what is read, of copies, and as a proof. */
import { randomBytes } from 'node:crypto'
import { afterEach, describe, expect, test } from 'vitest'
import type { Content, Store } from '../../../src/store/contract.ts'
import { checksumsIn, crc32Of, summing } from '../../../src/store/s3/checksum.ts'
import { storedSum } from '../../../src/store/s3/stored-sum.ts'
import { compareContents } from '../../../src/store/same-content.ts'
import { recordsOf, runTool } from '../../run-tool.ts'
import { s3Environment } from '../../servers/s3.ts'
import type { Obedience, ObedientServer } from './obedient-server.ts'
import { obedientServer, sumOf } from './obedient-server.ts'
import { openAt, signal } from './open.ts'

const PART = 1000
const bytes = randomBytes(2500)

const ended: Array<() => Promise<void>> = []
afterEach(async () => {
  for (const end of ended.splice(0).reverse()) await end()
})

async function opened(obedience: Obedience = {}): Promise<{ server: ObedientServer; store: Store }> {
  const server = await obedientServer(obedience)
  const store = await openAt(server, 's3://bucket', { variables: { REKEY_S3_PART_SIZE: String(PART) } })
  ended.push(server.stop, () => store.close())
  return { server, store }
}

function content(body: Buffer): Content {
  return {
    form: 'plain',
    sizeBytes: body.length,
    async *body() {
      yield body
    },
  }
}

async function write(store: Store, key: string, body: Buffer) {
  return await store.write?.({ key, content: content(body) }, 'any', signal)
}

async function collected(read: Content | undefined): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of read?.body() ?? []) chunks.push(chunk)
  return Buffer.concat(chunks)
}

test.each([
  ['in one request', bytes.subarray(0, PART)],
  ['in parts', bytes],
  ['that is empty', Buffer.alloc(0)],
])('what is written %s goes with its CRC32, which the server keeps', async (_, body) => {
  const { server, store } = await opened()
  expect(await write(store, 'k', body)).toMatchObject({ outcome: 'done' })
  expect(server.objects.get('k')).toMatchObject({ body, crc32: sumOf(body) })
  expect(await collected(await store.read?.('k', signal))).toEqual(body)
})

test.each(['ignored', 'refused'] as const)(
  'where checksums are %s everything is written without',
  async (checksums) => {
    const { server, store } = await opened({ checksums })
    for (const [key, body] of [
      ['one', bytes.subarray(0, PART)],
      ['two', bytes.subarray(0, 10)],
      ['three', bytes],
    ] as const) {
      expect(await write(store, key, body)).toMatchObject({ outcome: 'done' })
      expect(server.objects.get(key)).toMatchObject({ body, crc32: undefined })
    }
    expect(server.asked.filter(({ headers }) => headers['x-amz-checksum-crc32'] !== undefined)).toHaveLength(1)
    expect(server.uploads.size).toBe(0)
  },
)

test('a server that refuses checksums of uploads in parts gets them without, and is asked for one once', async () => {
  const { server, store } = await opened({ checksums: 'refused' })
  expect(await write(store, 'k', bytes)).toMatchObject({ outcome: 'done' })
  expect(await write(store, 'l', bytes)).toMatchObject({ outcome: 'done' })
  for (const key of ['k', 'l']) expect(server.objects.get(key)).toMatchObject({ body: bytes })
  expect(server.asked.filter(({ headers }) => headers['x-amz-checksum-algorithm'] !== undefined)).toHaveLength(1)
})

test('verify names the proof, and reads nothing', async () => {
  const { server, store } = await opened()
  await write(store, 'whole', bytes.subarray(0, PART))
  const held = server.objects.get('whole')
  server.objects.set('parts', {
    body: bytes.subarray(0, PART),
    etag: `${'0'.repeat(32)}-2`,
    crc32: held?.crc32,
    headers: {},
  })
  const read = () => server.asked.filter(({ method, key }) => method === 'GET' && key !== '').length
  const record = { store: 's3://bucket', key: 'whole', to: 'parts', outcome: 'done' }
  const run = await runTool('verify', { stdin: `${JSON.stringify(record)}\n`, env: s3Environment(server) })
  expect(recordsOf(run)).toMatchObject([
    { verified: true, proof: 'checksum', digest: expect.stringMatching(/^crc32:/) },
  ])
  expect(read()).toBe(0)
})

describe('what is stored and has no MD5 for an etag', () => {
  const etag = `${'0'.repeat(32)}-3`

  test('is held against its checksum when it is read', async () => {
    const { server, store } = await opened()
    const object = { body: bytes, etag, crc32: sumOf(bytes), headers: {} }
    server.objects.set('k', object)
    expect(await collected(await store.read?.('k', signal))).toEqual(bytes)
    server.objects.set('k', { ...object, crc32: sumOf(Buffer.from('other')) })
    const read = async () => await collected(await store.read?.('k', signal))
    await expect(read()).rejects.toMatchObject({ code: 'E_CONNECTION', message: expect.stringContaining('CRC32') })
  })

  test.each(['crc32', 'sha256', 'sha1'] as const)('is held against %s', (algorithm) => {
    const sum = summing(algorithm)
    sum?.add(bytes)
    const headers = { [`x-amz-checksum-${algorithm}`]: sum?.value() }
    const held = storedSum(etag, headers)
    held?.add(bytes.subarray(0, 7))
    held?.add(bytes.subarray(7))
    expect(held?.agrees()).toBe(true)
    const other = storedSum(etag, headers)
    other?.add(bytes.subarray(1))
    expect(other?.agrees()).toBe(false)
  })

  test.each<Record<string, string>>([
    {},
    { 'x-amz-checksum-crc64nvme': 'AAAAAAAAAAA=' },
    { 'x-amz-checksum-crc32': 'AAAAAA==-3' },
    { 'x-amz-checksum-crc32': 'AAAAAA==', 'x-amz-checksum-type': 'COMPOSITE' },
  ])('is held against nothing by %j', (headers) => {
    expect(storedSum(etag, headers)).toBeUndefined()
  })
})

test('a copy in parts keeps the checksum, which the server holds the whole against', async () => {
  const { server, store } = await opened()
  await write(store, 'from', bytes)
  const copied = await store.copy?.([{ from: 'from', to: 'to' }], 'any', signal)
  expect(copied).toMatchObject([{ outcome: 'done' }])
  expect(server.objects.get('to')).toMatchObject({ body: bytes, crc32: sumOf(bytes) })
  // What the server says of the source is not what its bytes are.
  Object.assign(server.objects.get('from') ?? {}, { crc32: sumOf(Buffer.from('other')) })
  const spoiled = await store.copy?.([{ from: 'from', to: 'spoiled' }], 'any', signal)
  expect(spoiled).toMatchObject([{ outcome: 'failed', error: { code: 'E_CONNECTION' } }])
  expect(server.objects.has('spoiled')).toBe(false)
  expect(server.uploads.size).toBe(0)
})

describe('as a proof', () => {
  async function compared(here: Partial<Held>, there: Partial<Held>) {
    const { server, store } = await opened()
    server.objects.set('a', { body: bytes, etag: `${'a'.repeat(32)}-3`, headers: {}, ...here })
    server.objects.set('b', { body: bytes, etag: 'b'.repeat(32), headers: {}, ...there })
    const [answer] = await compareContents(store, store, [{ from: 'a', to: 'b' }], signal)
    return { answer, reads: server.asked.filter(({ method, key }) => method === 'GET' && key !== '').length }
  }
  type Held = { body: Buffer; crc32: string; etag: string }

  test('equal checksums prove, and nothing is read', async () => {
    const hex = Buffer.from(crc32Of(bytes), 'base64').toString('hex')
    expect(await compared({ crc32: sumOf(bytes) }, { crc32: sumOf(bytes) })).toEqual({
      answer: { same: true, proof: 'checksum', digest: `crc32:${hex}` },
      reads: 0,
    })
  })

  test('different checksums disprove', async () => {
    const other = { crc32: sumOf(Buffer.from('other')) }
    expect(await compared({ crc32: sumOf(bytes) }, other)).toEqual({
      answer: { same: false, proof: 'checksum' },
      reads: 0,
    })
  })

  test('where one side has none both are read', async () => {
    const { answer, reads } = await compared({ crc32: sumOf(bytes) }, { etag: `${'b'.repeat(32)}-2` })
    expect(answer).toMatchObject({ same: true, proof: 'bytes' })
    expect(reads).toBeGreaterThan(0)
  })
})

test('a checksum of parts is told from one of the whole', () => {
  const whole = { algorithm: 'crc32', value: 'AAAAAA==', isWhole: true }
  expect(checksumsIn({ 'x-amz-checksum-crc32': 'AAAAAA==' })).toEqual([whole])
  expect(checksumsIn({ 'x-amz-checksum-crc32': 'AAAAAA==-2' })).toMatchObject([{ isWhole: false }])
  expect(checksumsIn({ 'x-amz-checksum-crc32': 'AAAAAA==', 'x-amz-checksum-sha256': 'x' })).toMatchObject([
    { algorithm: 'sha256' },
    whole,
  ])
})
