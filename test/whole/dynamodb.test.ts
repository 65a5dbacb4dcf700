/** A whole migration of a table with a sort key: killed, resumed, proven, cleaned up; and there and back by other stores. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { directoryWith } from '../directory.ts'
import { redisDatabase } from '../redis-database.ts'
import { recordsOf, runShell, runTool } from '../run-tool.ts'
import type { DynamoDbServer } from '../servers/dynalite.ts'
import type { Table } from '../servers/dynamodb.ts'
import { dynamoDbEnvironment, dynamoDbServer, freshTable } from '../servers/dynamodb.ts'
import { startDynamoDbProxy } from '../servers/dynamodb-proxy.ts'
import { transacting } from '../servers/dynamodb-transactions.ts'
import { s3Site } from '../sites.ts'
import type { Item } from '../store/dynamodb/open.ts'
import { emptyTable, itemsOf, put } from '../store/dynamodb/open.ts'

const SHAPE = {
  AttributeDefinitions: ['space', 'root'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' as const })),
  KeySchema: [
    { AttributeName: 'space', KeyType: 'HASH' as const },
    { AttributeName: 'root', KeyType: 'RANGE' as const },
  ],
}
const ROWS = 60

let server: DynamoDbServer
let env: Record<string, string>
let table: Table
let other: Table
let cwd: string
beforeAll(async () => {
  server = await dynamoDbServer()
  env = dynamoDbEnvironment(server)
  table = await freshTable(server, SHAPE)
  other = await freshTable(server, SHAPE)
  cwd = await directoryWith({ 'copy/.keep': '' })
})

/** What JSON does not hold by itself, and words that are reserved. */
function row(at: number, space: string): Item {
  return {
    space: { S: `${space}${at % 3}` },
    root: { S: `r"${at}` },
    status: { S: '' },
    size: { N: '12345678901234567890' },
    shards: { SS: ['b', 'a', String(at)].toSorted() },
    bytes: { B: new Uint8Array([0, at, 255]) },
    deep: { M: { $number: { L: [{ N: '0.1' }, { NULL: true }, { M: {} }] } } },
  }
}
const rows = (space: string) => Array.from({ length: ROWS }, (_, at) => row(at, space))
const sorted = (items: readonly Item[]) =>
  items.map((item) => JSON.stringify(Object.entries(item).toSorted(([a], [b]) => (a < b ? -1 : 1)))).toSorted()

beforeEach(async () => {
  await emptyTable(table, 'space', 'root')
  await emptyTable(other, 'space', 'root')
  await put(table, ...rows('old'))
})

test('list | rewrite --field | copy, killed and resumed | verify | delete', async () => {
  const plan = `list-keys ${table.location} |
    rewrite-keys --field space --sub 's/^old/new/' --prove > plan`
  expect((await runShell(plan, { cwd, env })).code).toBe(0)
  const copy = 'copy-apply --concurrency 8 --intents begun --resume run < plan >> run'
  await runShell('rm -f begun; : > run', { cwd })
  for (const faults of ['die=10', 'die=15']) {
    const killed = await runShell(copy, { cwd, env: { ...env, REKEY_FAULTS: faults } })
    expect(killed.code).toBe(137)
  }
  const flaky = await runShell(copy, { cwd, env: { ...env, REKEY_FAULTS: 'seed=3,busy=0.2,lose=0.2,drop=0.1' } })
  expect(flaky.code, flaky.stderr).toBe(0)
  const journal = (await readFile(join(cwd, 'run'), 'utf8')).trim().split('\n')
  expect(journal.length).toBe(ROWS)
  const proof = await runShell('verify < run > proven && delete-apply --dry-run < proven > foreseen', { cwd, env })
  expect(proof.stderr).toMatch(/forecast: 60 keys, .*, 120 ReadUnits, 240 WriteUnits, /)
  const proven = await runShell('verify < run > proven && delete-apply < proven > deleted', { cwd, env })
  expect(proven.code, proven.stderr).toBe(0)
  expect(proven.stderr).toMatch(/60 verified; used [\d,.]+ RCU, 0 WCU\n/)
  expect(proven.stderr).toMatch(/delete-apply: 60 records in .*: 60 done; used [\d,.]+ RCU, [1-9]\d* WCU\n/)
  expect(sorted(await itemsOf(table))).toEqual(sorted(rows('new')))
})

test('one removes the sources while another takes back the copies: each item stays under one of its keys', async () => {
  const proxy = await startDynamoDbProxy(server)
  proxy.answering = transacting()
  const through = { ...env, AWS_ENDPOINT_URL_DYNAMODB: proxy.endpoint }
  const script = `set -euo pipefail
    list-keys ${table.location} | rewrite-keys --field space --sub 's/^old/new/' | copy-apply | verify > both
    { delete-apply < both > sources || true; } & { delete-apply --side dest < both > copies || true; }
    wait`
  const run = await runShell(script, { cwd, env: through })
  await proxy.stop()
  expect(run.code, run.stderr).toBe(0)
  expect(proxy.operations).not.toContain('DeleteItem')
  const left = new Set((await itemsOf(table)).map(({ root }) => root?.S))
  expect(left).toEqual(new Set(rows('old').map(({ root }) => root?.S)))
  const gone = recordsOf({ stdout: await readFile(join(cwd, 'sources'), 'utf8') }).filter(({ deleted }) => deleted)
  const back = recordsOf({ stdout: await readFile(join(cwd, 'copies'), 'utf8') }).filter(({ deleted }) => deleted)
  expect(gone.length + back.length).toBe(2 * ROWS - (await itemsOf(table)).length)
})

test.each([
  ['inside the table', '', 3],
  ['to another table', '--to-store', 3],
])('overwriting goes in batches, %s, onto free keys too', async (_, flag, requests) => {
  const proxy = await startDynamoDbProxy(server)
  let left = 5
  proxy.answering = async ({ operation, body, forward }) => {
    const [name, asked] = Object.entries(body.RequestItems ?? {})[0] ?? []
    if (operation !== 'BatchWriteItem' || left === 0) return undefined
    const later = (asked as object[]).slice(0, left)
    left = 0
    await forward({ ...body, RequestItems: { [name as string]: (asked as object[]).slice(later.length) } })
    return { status: 200, body: { UnprocessedItems: { [name as string]: later } } }
  }
  const run = await runShell(
    `set -o pipefail; list-keys --values ${table.location} |
      rewrite-keys --field space --sub 's/^old/new/' ${flag} ${flag && other.location} |
      copy-apply --if-exists overwrite > run; verify < run > checked`,
    { cwd, env: { ...env, AWS_ENDPOINT_URL_DYNAMODB: proxy.endpoint } },
  )
  await proxy.stop()
  expect(run.code, run.stderr).toBe(0)
  expect(run.stderr).toContain('60 verified')
  const records = recordsOf({ stdout: await readFile(join(cwd, 'run'), 'utf8') })
  expect(records.filter(({ reason }) => reason !== undefined)).toEqual([])
  expect(records.filter(({ tries }) => tries === 2).length).toBe(5)
  expect(proxy.operations).not.toContain('PutItem')
  // What was left for later goes together again inside a table, where it is tried as one call.
  const written = proxy.operations.filter((one) => one === 'BatchWriteItem').length
  expect(written).toBeGreaterThan(requests)
  expect(written).toBeLessThanOrEqual(requests + (flag === '' ? 1 : 8))
})

test('overwriting in batches of which answers are lost is settled by what the table holds', async () => {
  const run = await runShell(
    `set -o pipefail; list-keys ${table.location} | rewrite-keys --field space --sub 's/^old/new/' |
      REKEY_FAULTS=seed=5,lose=0.3,drop=0.2 copy-apply --if-exists overwrite | verify`,
    { cwd, env },
  )
  expect(run.code, run.stderr).toBe(0)
  expect(new Set(recordsOf(run).map(({ outcome }) => outcome))).toEqual(new Set(['done']))
  expect(recordsOf(run).filter(({ tries }) => tries !== undefined).length).toBeGreaterThan(0)
  expect(sorted(await itemsOf(table))).toEqual(sorted([...rows('old'), ...rows('new')]))
})

test('a table that is spelled in two ways is one: no item is the proof of itself', async () => {
  const twice = `list-keys ${table.location} | jq -c '.to = .key | .toStore = .store + "/"' | verify | delete-apply`
  const { code, stdout } = await runShell(`set -o pipefail; ${twice}`, { cwd, env })
  expect(code).toBe(1)
  expect(recordsOf({ stdout })).toEqual(
    Array.from({ length: ROWS }, () => expect.objectContaining({ verified: false, differs: ['same-object'] })),
  )
  expect(sorted(await itemsOf(table))).toEqual(sorted(rows('old')))
})

describe.each(['a directory', 'Redis', 'S3'])('there and back by %s', (by) => {
  test('every item is what it was, and both copies are proven', async () => {
    const [place, more] = await placeOf(by)
    const environment = { ...env, ...more }
    const script = (from: string, to: string) => `
      set -euo pipefail
      list-keys '${from}' | rewrite-keys --to-store '${to}' | copy-apply | verify`
    for (const [from, to] of [
      [table.location, place],
      [place, other.location],
    ] as const) {
      const run = await runShell(script(from, to), { cwd, env: environment })
      expect(run.code, run.stderr).toBe(0)
      expect(run.stderr).toContain('60 verified')
    }
    expect(sorted(await itemsOf(other))).toEqual(sorted(rows('old')))
  })
})

test('a file stays whose item was written over since it was proven', async () => {
  const key = (at: number) => JSON.stringify({ space: 'old0', root: `r${at}` })
  const place = await directoryWith({ [key(1)]: '{"a":1}', [key(2)]: '{"a":2}' })
  const copy = `set -euo pipefail
    list-keys '${place}/' | rewrite-keys --to-store ${other.location} | copy-apply | verify > proven`
  expect((await runShell(copy, { cwd, env })).code).toBe(0)
  await put(other, { space: { S: 'old0' }, root: { S: 'r2' }, a: { N: '3' } })
  const run = await runShell('delete-apply < proven', { cwd, env })
  expect(run.code, run.stderr).toBe(1)
  const said = recordsOf(run).map(({ key: from, deleted, error }) => [from, deleted, error?.code])
  expect(said.toSorted()).toEqual([
    [key(1), 'source', undefined],
    [key(2), undefined, 'E_UNPROVEN'],
  ])
  expect(await readdir(place)).toEqual([key(2)])
})

async function placeOf(by: string): Promise<[string, Record<string, string>]> {
  if (by === 'a directory') return [`file:${await directoryWith({})}/`, {}]
  if (by === 'Redis') {
    const place = redisDatabase('whole dynamodb')
    await runShell(`redis-cli -u ${place} flushdb`)
    return [place, {}]
  }
  const site = await s3Site()
  return [site.location, site.env]
}

describe('from table to table', () => {
  test('items are read and written, and proven by their etags', async () => {
    const run = await runShell(
      `list-keys --values ${table.location} | rewrite-keys --field space --sub 's/^old/new/' --to-store ${other.location} |
        copy-apply | verify`,
      { cwd, env },
    )
    expect(run.code, run.stderr).toBe(0)
    expect(new Set(recordsOf(run).map(({ proof }) => proof))).toEqual(new Set(['etag']))
    expect(sorted(await itemsOf(other))).toEqual(sorted(rows('new')))
  })

  test('a put writes the value of the record', async () => {
    const run = await runShell(
      `list-keys --values ${table.location} | jq -c --arg to ${other.location} '. + {op: "put", toStore: $to, to: .key}' |
        copy-apply | verify`,
      { cwd, env },
    )
    expect(run.code, run.stderr).toBe(0)
    expect(sorted(await itemsOf(other))).toEqual(sorted(rows('old')))
  })
})

describe('usage', () => {
  test.each([
    ['--after', ['--after', 'x'], 'lists in no order'],
    ['--versions', ['--versions'], 'keeps no versions'],
    ['--type', ['--type', 'hash'], 'items, which have no type'],
    ['--index', ['--index', 'x'], 'has no index "x"'],
    ['--rate', ['--rate', '10'], 'read capacity units, as 100rcu'],
    ['--rate', ['--rate', '10wcu'], 'read capacity units, as 100rcu'],
  ])('%s is refused for a table', async (_, args, says) => {
    const run = await runTool('list-keys', { args: [table.location, ...args], env })
    expect({ code: run.code, stderr: run.stderr }).toEqual({ code: 2, stderr: expect.stringContaining(says) })
  })

  test.each(['--partition', '--index'])('%s is refused for any other store', async (flag) => {
    const run = await runTool('list-keys', { args: [cwd, flag, 'x'] })
    expect({ code: run.code, stderr: run.stderr }).toEqual({
      code: 2,
      stderr: expect.stringContaining(`${flag}: file:${cwd}/ is no table of DynamoDB`),
    })
  })

  test.each([
    ['no such table', 'dynamodb://rekey-none', {}, 'E_LOCATION', 'look at its name, and at --region'],
    ['no name', 'dynamodb://a', {}, 'E_LOCATION', 'names no table'],
    ['more than a name', 'dynamodb://table/prefix', {}, 'E_LOCATION', 'names no table'],
    ['a password', 'dynamodb://a:b@table', {}, 'E_LOCATION', 'keys come from the environment'],
    ['no credentials', 'dynamodb://rekey-none', { AWS_ACCESS_KEY_ID: undefined }, 'E_AUTH', 'set AWS_ACCESS_KEY_ID'],
    ['no such profile', 'dynamodb://rekey-none', { AWS_PROFILE: 'nobody' }, 'E_AUTH', 'profile "nobody": '],
    [
      'no server',
      'dynamodb://rekey-none',
      { AWS_ENDPOINT_URL_DYNAMODB: 'http://127.0.0.1:9' },
      'E_CONNECTION',
      'look at --endpoint',
    ],
    [
      'no region',
      'dynamodb://rekey-none',
      { AWS_ENDPOINT_URL_DYNAMODB: undefined, AWS_REGION: undefined, AWS_DEFAULT_REGION: undefined },
      'E_USAGE',
      'name it by --region',
    ],
  ] as const)('%s', async (_, location, more, code, says) => {
    const run = await runTool('list-keys', { args: [location], env: { ...env, ...more } })
    expect(run.stderr).toContain(`list-keys: ${code}: `)
    expect(run.stderr).toContain(says)
    expect(run.code).toBe(code === 'E_CONNECTION' ? 3 : 2)
  })

  test('--endpoint goes before the environment', async () => {
    const elsewhere = { ...env, AWS_ENDPOINT_URL_DYNAMODB: 'http://127.0.0.1:9' }
    const args = [table.location, '--endpoint', server.endpoint, '--limit', '3', '--rate', '1000rcu']
    const run = await runTool('list-keys', { args, env: elsewhere })
    expect(run.code, run.stderr).toBe(0)
    expect(recordsOf(run).length).toBe(3)
    expect(run.stderr).toMatch(/^list-keys: 3 records in .*: 3 listed; used [\d.]+ RCU, 0 WCU\n$/)
  })
})
