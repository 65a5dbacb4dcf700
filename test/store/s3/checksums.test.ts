/** Checksums, end to end: of what is written, of what is read, of copies, and as a proof. */
import { randomBytes } from 'node:crypto'
import { afterEach, describe, expect, test } from 'vitest'
import type { Checksum, Content, Store } from '../../../src/store/contract.ts'
import { checksumsIn, sumOf as fastSumOf } from '../../../src/store/s3/checksum.ts'
import { storedSum } from '../../../src/store/s3/stored-sum.ts'
import { compareContents } from '../../../src/store/same-content.ts'
import { recordsOf, runTool } from '../../run-tool.ts'
import { s3Environment } from '../../servers/s3.ts'
import type { Obedience, ObedientServer } from './obedient-server.ts'
import { obedientServer } from './obedient-server.ts'
import { openAt, signal } from './open.ts'
import type { Algorithm } from './sums.ts'
import { sumOf, sumOfParts } from './sums.ts'

const PART = 1000
const bytes = randomBytes(2500)

const ALGORITHMS = ['sha256', 'sha1', 'crc64nvme', 'crc32c', 'crc32'] as const

/** What a server keeps of these bytes. */
function whole(body: Buffer, algorithm: Algorithm = 'crc32'): Checksum {
  return { algorithm, value: sumOf(body, algorithm), isWhole: true }
}

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
  expect(server.objects.get('k')).toMatchObject({ body, checksum: whole(body) })
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
      expect(server.objects.get(key)).toMatchObject({ body, checksum: undefined })
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
    checksum: held?.checksum,
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
    const object = { body: bytes, etag, checksum: whole(bytes), headers: {} }
    server.objects.set('k', object)
    expect(await collected(await store.read?.('k', signal))).toEqual(bytes)
    server.objects.set('k', { ...object, checksum: whole(Buffer.from('other')) })
    const read = async () => await collected(await store.read?.('k', signal))
    await expect(read()).rejects.toMatchObject({ code: 'E_CONNECTION', message: expect.stringContaining('CRC32') })
  })

  test.each(ALGORITHMS)('is held against %s', async (algorithm) => {
    const headers = { [`x-amz-checksum-${algorithm}`]: sumOf(bytes, algorithm) }
    const held = await storedSum(etag, headers)
    held?.add(bytes.subarray(0, 7))
    held?.add(bytes.subarray(7))
    expect(await held?.agrees()).toBe(true)
    const other = await storedSum(etag, headers)
    other?.add(bytes.subarray(1))
    expect(await other?.agrees()).toBe(false)
  })

  test.each<Record<string, string>>([
    {},
    { 'x-amz-checksum-crc32': 'AAAAAA==-3' },
    { 'x-amz-checksum-crc32': 'AAAAAA==', 'x-amz-checksum-type': 'COMPOSITE' },
  ])('is held against nothing by %j', async (headers) => {
    expect(await storedSum(etag, headers)).toBeUndefined()
  })
})

// https://reveng.sourceforge.io/crc-catalogue/all.htm, the check of each
test.each([
  ['crc32', 'cbf43926'],
  ['crc32c', 'e3069283'],
  ['crc64nvme', 'ae8b14860a799888'],
] as const)('%s of 123456789 is %s', async (algorithm, check) => {
  const sum = await fastSumOf(algorithm, Buffer.from('123456789'))
  expect(Buffer.from(sum, 'base64').toString('hex')).toBe(check)
})

test('a copy in parts keeps the checksum, which the server holds the whole against', async () => {
  const { server, store } = await opened()
  await write(store, 'from', bytes)
  const copied = await store.copy?.([{ from: 'from', to: 'to' }], 'any', signal)
  expect(copied).toMatchObject([{ outcome: 'done' }])
  expect(server.objects.get('to')).toMatchObject({ body: bytes, checksum: whole(bytes) })
  // What the server says of the source is not what its bytes are.
  Object.assign(server.objects.get('from') ?? {}, { checksum: whole(Buffer.from('other')) })
  const spoiled = await store.copy?.([{ from: 'from', to: 'spoiled' }], 'any', signal)
  expect(spoiled).toMatchObject([{ outcome: 'failed', error: { code: 'E_CONNECTION' } }])
  expect(server.objects.has('spoiled')).toBe(false)
  expect(server.uploads.size).toBe(0)
})

describe('from one server to another', () => {
  async function carried(body: Buffer, checksum: Checksum, obedience: Obedience = {}) {
    const [from, to] = [await opened(), await opened(obedience)]
    from.server.objects.set('k', { body, etag: `${'0'.repeat(32)}-3`, checksum, headers: {} })
    const content = (await from.store.read?.('k', signal)) as Content
    const outcome = await to.store.write?.({ key: 'k', content }, 'any', signal)
    return { outcome, held: to.server.objects.get('k'), to }
  }

  test.each(ALGORITHMS)('%s is kept, at once and in parts', async (algorithm) => {
    const small = bytes.subarray(0, PART)
    const atOnce = await carried(small, whole(small, algorithm))
    expect(atOnce).toMatchObject({
      outcome: { outcome: 'done' },
      held: { body: small, checksum: whole(small, algorithm) },
    })
    const parts = [0, 1, 2].map((nth) => bytes.subarray(nth * PART, (nth + 1) * PART))
    const ofParts = { algorithm, value: sumOfParts(parts, algorithm), isWhole: false }
    const inParts = await carried(bytes, whole(bytes, algorithm))
    const checksum = algorithm.startsWith('crc') ? whole(bytes, algorithm) : ofParts
    expect(inParts).toMatchObject({ outcome: { outcome: 'done' }, held: { body: bytes, checksum } })
    // Of what the source has a checksum of its parts alone, the algorithm is kept.
    expect(await carried(bytes, ofParts)).toMatchObject({ held: { body: bytes, checksum } })
  })

  test.each([bytes.subarray(0, PART), bytes])('where the algorithm is refused it is CRC32', async (body) => {
    const { outcome, held } = await carried(body, whole(body, 'crc64nvme'), { checksums: 'crc32' })
    expect(outcome).toMatchObject({ outcome: 'done' })
    expect(held).toMatchObject({ body, checksum: whole(body) })
  })

  test('where none is taken of the whole of parts, what is written at once still has one', async () => {
    const { held, to } = await carried(bytes, whole(bytes), { checksums: 'as R2' })
    expect(held).toMatchObject({ body: bytes, checksum: undefined })
    const small = bytes.subarray(0, PART)
    expect(await write(to.store, 'small', small)).toMatchObject({ outcome: 'done' })
    expect(to.server.objects.get('small')).toMatchObject({ checksum: whole(small) })
  })

  test("the destination holds what comes against the source's own checksum", async () => {
    const { server, store } = await opened()
    for (const body of [bytes.subarray(0, PART), bytes]) {
      const other = { ...content(body), checksum: whole(Buffer.from('other'), 'crc64nvme') }
      const outcome = await store.write?.({ key: 'k', content: other }, 'any', signal)
      expect(outcome).toMatchObject({ outcome: 'failed', error: { code: 'E_CONNECTION' } })
    }
    expect(server.objects.size).toBe(0)
    expect(server.uploads.size).toBe(0)
  })
})

describe('as a proof', () => {
  async function compared(here: Partial<Held>, there: Partial<Held>) {
    const { server, store } = await opened()
    server.objects.set('a', { body: bytes, etag: `${'a'.repeat(32)}-3`, headers: {}, ...here })
    server.objects.set('b', { body: bytes, etag: 'b'.repeat(32), headers: {}, ...there })
    const [answer] = await compareContents(store, store, [{ from: 'a', to: 'b' }], signal)
    return { answer, reads: server.asked.filter(({ method, key }) => method === 'GET' && key !== '').length }
  }
  type Held = { body: Buffer; checksum: Checksum; etag: string }

  test('equal checksums prove, and nothing is read', async () => {
    const hex = Buffer.from(sumOf(bytes), 'base64').toString('hex')
    expect(await compared({ checksum: whole(bytes) }, { checksum: whole(bytes) })).toEqual({
      answer: { same: true, proof: 'checksum', digest: `crc32:${hex}` },
      reads: 0,
    })
  })

  test('different checksums disprove', async () => {
    const other = { checksum: whole(Buffer.from('other')) }
    expect(await compared({ checksum: whole(bytes) }, other)).toEqual({
      answer: { same: false, proof: 'checksum' },
      reads: 0,
    })
  })

  test('where one side has none both are read', async () => {
    const { answer, reads } = await compared({ checksum: whole(bytes) }, { etag: `${'b'.repeat(32)}-2` })
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
