/** Uploads of three customers in five spaces, moved by two instances that are killed, limited and gone on with. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { seeded } from '../redis-jobs/seeded.ts'
import type { World } from './tables.ts'
import { CUSTOMERS, kill, plant, put } from './tables.ts'

const ONE = 'migration-state/instance-1-customers-staging.json'
const TWO = 'migration-state/instance-2-customers-staging.json'
const random = seeded(Number(process.env.SEED ?? 20261125))
const between = (least: number, most: number) => least + Math.floor(random() * (most - least))

async function distributed(): Promise<World> {
  const world = await plant()
  expect(await world.run('table')).toMatchObject({ code: 0 })
  expect(await world.run('distribute --instances 2')).toMatchObject({ code: 0 })
  return world
}

/** Rows of progress, `customer space` to status and counts. */
async function rows({ items, tables }: World): Promise<Record<string, string>> {
  const found = await items(tables.progress)
  return Object.fromEntries(
    found.map((row) => [
      row['space']?.S,
      `${row['status']?.S} ${row['completedUploads']?.N ?? 0}/${row['totalUploads']?.N}`,
    ]),
  )
}

const COMPLETED = Object.fromEntries(
  Object.values(CUSTOMERS).flatMap((spaces) =>
    Object.entries(spaces).map(([space, count]) => [space, `completed ${count}/${count}`]),
  ),
)

/** Items in an order of their own, their attributes too. */
const sorted = (items: readonly object[]) =>
  items
    .map((item) => Object.fromEntries(Object.entries(item).sort()))
    .map((item) => JSON.stringify(item))
    .sort()

describe('distribution', () => {
  test('largest first to the least loaded; the file of an instance; only once', async () => {
    const world = await distributed()
    const [one, two] = [1, 2].map((n) => world.file(`instance-${n}-customers-staging.json`))
    expect(one).toMatchObject({
      instanceId: 1,
      environment: 'staging',
      totalCustomers: 1,
      estimatedUploads: 200,
      estimatedSpaces: 2,
      customers: ['did:mailto:example.com:alice'],
    })
    expect(two).toMatchObject({
      estimatedUploads: 200,
      estimatedSpaces: 3,
      customers: ['did:mailto:example.com:carol', 'did:mailto:example.com:bob'],
    })
    expect(await world.run('distribute --instances 3')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('take away'),
    })
  })

  test('blocked customers, spaces of two customers, rows of nobody and customers without uploads', async () => {
    const row = (subscription: string, more: object) => ({
      subscription: { S: subscription },
      provider: { S: 'did:web:web3.storage' },
      ...more,
    })
    const world = await plant(
      {
        'did:mailto:mailslurp.biz:robot': { 'did:key:z6MkR': 5 },
        'did:mailto:mailslurp.bizarre.org:x': { 'did:key:z6MkS': 2 },
        'did:mailto:example.com:idle': { 'did:key:z6MkI': 0 },
        'did:mailto:example.com:small': { 'did:key:z6MkT': 1 },
      },
      [
        row('late', {
          consumer: { S: 'did:key:z6MkS' },
          customer: { S: 'did:mailto:example.com:small' },
          insertedAt: { S: '2025-07-01T00:00:00.000Z' },
        }),
        row('nobody', { consumer: { S: 'did:key:z6MkT' } }),
      ],
    )
    expect((await world.run('distribute --instances 1 --min-uploads 2')).code).toBe(0)
    expect(world.file('instance-1-customers-staging.json')).toMatchObject({
      customers: ['did:mailto:mailslurp.bizarre.org:x'],
      estimatedUploads: 2,
      estimatedSpaces: 1,
    })
  })
})

describe('plan', () => {
  test('the forms of a customers file give the same plan', async () => {
    const world = await distributed()
    const { customers } = world.file('instance-2-customers-staging.json')
    const files = {
      array: [JSON.stringify(customers), '.json'],
      lines: [customers.map((customer: string) => `${JSON.stringify(customer)}\n`).join(''), '.ndjson'],
      objects: [customers.map((customer: string) => `${JSON.stringify({ customer })}\n`).join(''), '.ndjson#/customer'],
      named: [JSON.stringify({ skipped: ['x'], customers }), '.json#customers'],
    }
    expect(await world.run(`plan --customers-file ${TWO}`)).toMatchObject({ code: 0 })
    const plan = world.records('instance-2-staging/plan.ndjson')
    expect(plan).toHaveLength(200)
    expect(new Set(plan.map(({ customer }) => customer))).toEqual(new Set(customers))
    for (const [name, [text = '', ending = '']] of Object.entries(files)) {
      writeFileSync(join(world.directory, name + ending.replace(/#.*/, '')), text)
      expect(await world.run(`plan --instance ${name} --customers-file ${name}${ending}`)).toMatchObject({ code: 0 })
      expect(world.records(`instance-${name}-staging/plan.ndjson`)).toEqual(plan)
    }
  })

  test('many spaces are picked from the whole table, to the same plan', async () => {
    const spaces = Object.fromEntries(Array.from({ length: 25 }, (_, n) => [`did:key:z6Mk${n}.${n % 10}`, 2]))
    const world = await plant({ ...CUSTOMERS, 'did:mailto:example.com:many': spaces })
    writeFileSync(join(world.directory, 'many.json'), '["did:mailto:example.com:many"]')
    expect((await world.run('plan --instance many --customers-file many.json')).code).toBe(0)
    const counts: Record<string, number> = {}
    for (const { space } of world.records('instance-many-staging/plan.ndjson')) counts[space] = (counts[space] ?? 0) + 1
    expect(counts).toEqual(spaces)
    const unready = await world.run('migrate --instance many --customers-file many.json -- cat')
    expect(unready).toMatchObject({ code: 2, stderr: expect.stringContaining('run table makes it') })
  })
})

describe('migration', () => {
  test('two instances that are killed and limited end with one outcome an upload', async () => {
    const world = await distributed()
    const one = `migrate --customers-file ${ONE} --to ${world.tables.to}`
    const two = `migrate --customers-file ${TWO} --to ${world.tables.to} --limit 109`

    for (let n = 0; n < 4; n++) {
      expect((await world.run(one, { REKEY_FAULTS: `die=${between(1, 30)}` })).code).not.toBe(0)
    }
    const { length: before } = world.records('instance-1-staging/run.ndjson')
    const running = world.start(`${one} --rate 40`)
    await world.hasLines('instance-1-staging/run.ndjson', before + 5)
    await kill(running)

    expect(await world.run(two)).toMatchObject({ code: 0 })
    expect((await world.run(`prove --customers-file ${TWO}`)).code).toBe(3)
    // 109 of 200 uploads: as many as the largest space has, so that one may be through, but not more.
    const limited = await rows(world)
    expect(Object.values(limited).filter((row) => /^completed (90|109)\//.test(row)).length).toBeLessThanOrEqual(2)
    for (const [space, row] of Object.entries(limited)) {
      const [, status, done, total] = /^(\S+) (\d+)\/(\d+)$/.exec(row) ?? []
      if (status === 'completed') expect(`${space} ${done}`).toBe(`${space} ${total}`)
    }

    expect((await world.run(one)).code).toBe(0)
    expect((await world.run(two)).code).toBe(0)
    for (const file of [ONE, TWO]) {
      const proven = await world.run(`prove --customers-file ${file}`)
      expect(proven).toMatchObject({ code: 0, stdout: expect.stringContaining('proven: each of 200 uploads') })
      expect((await world.run(`verify --customers-file ${file}`)).code).toBe(0)
    }
    const outcomes = world.records('instance-1-staging/run.ndjson').map(({ outcome }) => outcome)
    expect(new Set(outcomes)).toEqual(new Set(['done']))
    expect(sorted(await world.items(world.tables.to)).join('\n')).toBe(
      sorted(await world.items(world.tables.upload)).join('\n'),
    )
    expect(await rows(world)).toEqual(COMPLETED)
    expect(await world.run('monitor')).toMatchObject({ code: 0, stdout: expect.stringContaining('400 of 400') })
  }, 120_000)

  test('a limit within a space does not complete it; --space takes one', async () => {
    const world = await distributed()
    const command = `migrate --customers-file ${ONE} --to ${world.tables.to} --space did:key:z6MkB`
    expect((await world.run(`${command} --limit 49`)).code).toBe(0)
    expect(await rows(world)).toEqual({ 'did:key:z6MkA': 'pending 0/150', 'did:key:z6MkB': 'in-progress 49/50' })
    expect((await world.run(`${command} --limit 49`)).code).toBe(0)
    expect(await rows(world)).toEqual({ 'did:key:z6MkA': 'pending 0/150', 'did:key:z6MkB': 'completed 50/50' })

    const elsewhere = await world.run(`migrate --customers-file ${ONE} --to staging-other`)
    expect(elsewhere).toMatchObject({ code: 2, stderr: expect.stringContaining('the plan is for') })
    writeFileSync(join(world.directory, ONE), '["did:mailto:example.com:bob"]')
    expect(await world.run(`migrate --customers-file ${ONE}`)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('has changed since the plan'),
    })
  })

  test('what was gone when its turn came, and a newer plan lists, is done then', async () => {
    const world = await plant({ 'did:mailto:example.com:alice': { 'did:key:z6MkA': 2 } })
    for (const command of ['table', 'distribute --instances 1']) expect((await world.run(command)).code).toBe(0)
    const files = `--customers-file ${ONE}`
    expect((await world.run(`migrate ${files} -- jq -c .outcome="skipped"|.reason="gone"`)).code).toBe(0)
    expect((await world.run(`plan ${files}`)).stdout).toContain('2 uploads')
    expect((await world.run(`migrate ${files} -- jq -c .outcome="done"`)).code).toBe(0)
    expect((await world.run(`prove ${files}`)).stdout).toContain('Uploads: 2 settled, 0 to do\n  2 done\n')
  })

  test('a command of its own: what it fails is failed, monitored, and done by retry', async () => {
    const world = await distributed()
    const step = join(world.directory, 'step')
    const filter = `if .space == "did:key:z6MkE" and env.WELL == null
      then .outcome = "failed" | .error = {code: "E_BUSY", message: "asked to come later", retryable: true}
      else .outcome = "done" end`
    writeFileSync(step, `#!/bin/sh\nexec jq -c '${filter}'\n`, { mode: 0o755 })
    const files = `--customers-file ${TWO}`
    expect((await world.run(`migrate ${files} --limit 150 -- ${step}`)).code).toBe(1)
    expect((await world.run(`migrate ${files} -- ${step}`)).code).toBe(1)
    expect((await world.run(`prove ${files}`)).code).toBe(1)
    expect((await rows(world))['did:key:z6MkE']).toBe('failed 0/109')
    const failed = await world.run('monitor -- --failed')
    expect(failed).toMatchObject({ code: 1, stdout: expect.stringContaining('E_BUSY 109') })

    expect((await world.run(`retry ${files} --limit 9 -- ${step}`, { WELL: 'yes' })).code).toBe(0)
    expect((await rows(world))['did:key:z6MkE']).toBe('in-progress 9/109')
    expect((await world.run(`migrate ${files} -- ${step}`, { WELL: 'yes' })).code).toBe(0)
    expect((await world.run(`prove ${files}`)).code).toBe(0)
    expect((await rows(world))['did:key:z6MkE']).toBe('completed 109/109')
  })

  test('a command that dies, or is silent about some, has settled only what it has told', async () => {
    const world = await distributed()
    const files = `--customers-file ${ONE}`
    const dying = join(world.directory, 'dying')
    writeFileSync(dying, `#!/bin/sh\nhead -n 30 | jq -c '.outcome = "done"'\nprintf '{"torn'\nkill -9 $$\n`, {
      mode: 0o755,
    })
    expect((await world.run(`migrate ${files} -- ${dying}`)).code).toBe(137)
    expect((await world.run(`prove ${files}`)).code).toBe(3)
    const silent = join(world.directory, 'silent')
    writeFileSync(silent, `#!/bin/sh\njq -c 'if input_line_number % 2 == 0 then .outcome = "done" else . end'\n`, {
      mode: 0o755,
    })
    await world.run(`migrate ${files} -- ${silent}`)
    expect(await world.run(`prove ${files}`)).toMatchObject({ code: 3, stderr: expect.stringContaining('not proven') })
    expect((await world.run(`migrate ${files} -- jq -c .outcome="done"`)).code).toBe(0)
    expect((await world.run(`prove ${files}`)).code).toBe(0)
  })
})

test('monitor finds what failed and is stuck behind the first megabyte', async () => {
  const world = await plant({})
  expect((await world.run('table')).code).toBe(0)
  const row = (n: number, status: string, updatedAt: string) => ({
    customer: { S: `did:mailto:example.com:c${n}` },
    space: { S: `did:key:z6Mk${n}` },
    status: { S: status },
    totalUploads: { N: '3' },
    completedUploads: { N: status === 'completed' ? '3' : '1' },
    updatedAt: { S: updatedAt },
    error: { S: status === 'failed' ? '{"MISSING_DELEGATION":2}' : '' },
    padding: { S: 'x'.repeat(30_000) },
  })
  const longAgo = '2025-12-01T00:00:00.000Z'
  await put(
    world.tables.progress,
    Array.from({ length: 75 }, (_, n) => row(n, 'completed', longAgo)),
  )
  // A scan goes by the hash of the key: what it comes to behind the first page is made failed and stuck.
  const last = (await world.items(world.tables.progress))
    .slice(-2)
    .map(({ customer }) => Number(customer?.S?.slice(24)))
  const [failed = 0, stuck = 0] = last
  await put(world.tables.progress, [row(failed, 'failed', longAgo), row(stuck, 'in-progress', longAgo)])

  const found = await world.run('monitor -- --failed --stuck 1h')
  expect(found.code).toBe(1)
  expect(found.stdout).toContain(`did:key:z6Mk${failed}: MISSING_DELEGATION 2`)
  expect(found.stdout).toMatch(new RegExp(`in-progress .*did:key:z6Mk${stuck}\\b`))
  expect(found.stdout).not.toMatch(/^ *completed /m)
})

describe('environments are not mixed', () => {
  test.each([
    ['none is named', 'distribute --instances 2', { STORACHA_ENV: '' }, 'which environment'],
    ['an unknown one', 'table', { STORACHA_ENV: 'production' }, 'staging or prod'],
    ['--env and STORACHA_ENV', 'table --env prod', {}, 'which is it'],
    ['a table', 'table', { PROGRESS_TABLE: 'prod-migration-progress' }, 'PROGRESS_TABLE'],
    ['the destination', 'plan --customers-file a.json --to prod-upload', {}, '--to is prod-upload'],
    ['what a file says', 'plan --customers-file says.json', {}, 'says.json is for prod'],
    ['what a file is called', 'migrate --customers-file instance-1-customers-prod.json', {}, 'is for prod'],
  ])('%s', async (_, command, env, message) => {
    const world = await plant({})
    writeFileSync(join(world.directory, 'says.json'), '{"instanceId":1,"environment":"prod","customers":[]}')
    writeFileSync(join(world.directory, 'instance-1-customers-prod.json'), '[]')
    expect(await world.run(command, env)).toMatchObject({ code: 2, stderr: expect.stringContaining(message) })
  })
})
