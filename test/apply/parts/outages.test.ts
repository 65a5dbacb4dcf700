/** Stores that fail for a while: run-parts goes on when they are back, ends when they stay away, and calls nothing done that is not. */
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { expect, onTestFinished, test } from 'vitest'
import type { PartsOptions } from '../../../src/apply/parts/parts-stage.ts'
import { partsStage } from '../../../src/apply/parts/parts-stage.ts'
import { RekeyError } from '../../../src/record/errors.ts'
import type { Store } from '../../../src/store/contract.ts'
import type { LeaseSpace } from '../../../src/store/lease/contract.ts'
import type { Given } from './context.ts'
import { contextWith } from './context.ts'
import { plantParts } from './plant.ts'

const away = () => new RekeyError('E_CONNECTION', 'the server is away')

/** The witnesses that it prints. */
async function run(options: Partial<PartsOptions>, given: Omit<Given, 'stop'>): Promise<readonly unknown[]> {
  const stop = new AbortController()
  onTestFinished(() => stop.abort())
  const all = { lease: undefined, termMs: 3_000, staleMs: 3_000, attempts: 3, once: false, waitMs: undefined }
  const stage = partsStage({ location: '', command: ['cat'], ...all, ...options })
  const witnesses: unknown[] = []
  for await (const lines of stage(nothing(), contextWith({ ...given, stop: stop.signal }))) {
    witnesses.push(...lines.map(({ record }) => record))
  }
  return witnesses
}

async function* nothing() {}

/** The same, but for these methods. */
function otherwise<T extends object>(thing: T, methods: Partial<T>): T {
  return new Proxy(thing, {
    get: (_, name) => {
      const value = Reflect.get(methods, name) ?? Reflect.get(thing, name)
      return typeof value === 'function' ? value.bind(thing) : value
    },
  })
}

test('a listing that fails is no plan without parts', async () => {
  const plan = await plantParts(3, 4)
  const warnings: string[] = []
  let nth = 0
  const store = (store: Store) => {
    const list: Store['list'] = (...args) => {
      if (++nth === 2 || nth === 6) throw away()
      return store.list(...args)
    }
    return otherwise(store, { list })
  }
  const warn = (message: string) => void warnings.push(message)
  expect(await run({ location: plan.parts }, { store, warn })).toHaveLength(3)
  expect(warnings.filter((warning) => warning.includes('the server is away; going on'))).toHaveLength(2)
})

test('leases that stay away end it, when they have been away for longer than a lease is good', async () => {
  const plan = await plantParts(3, 4)
  let calls = 0
  const leases = (space: LeaseSpace): LeaseSpace => {
    const read = async () => {
      calls++
      throw away()
    }
    return otherwise(space, { read })
  }
  const since = performance.now()
  const running = run({ location: plan.parts, termMs: 1_000, staleMs: 1_000 }, { leases })
  await expect(running).rejects.toThrow('the server is away')
  expect(performance.now() - since).toBeGreaterThan(1_000)
  expect(calls).toBeGreaterThan(10)
})

test('told to end for want of a heartbeat, a command that ends well has not seen the rest', async () => {
  const plan = await plantParts(1, 10)
  const [told, started] = [`${plan.directory}/told`, `${plan.directory}/started`]
  // Prints what it is given, but the first time only one record before it is told to end.
  const command = `
    [ -e ${told} ] && exec sed 's/}$/,"outcome":"done"}/'
    trap 'touch ${told}; exit 0' TERM
    head -n 1 | sed 's/}$/,"outcome":"done"}/'
    touch ${started}
    while :; do sleep 0.05; done`
  const leases = (space: LeaseSpace): LeaseSpace => {
    const replace: LeaseSpace['replace'] = async (...args) => {
      if (!existsSync(told)) throw away()
      return space.replace(...args)
    }
    return otherwise(space, { replace })
  }
  const witnesses = await run({ location: plan.parts, command: ['sh', '-c', command] }, { leases })
  expect(existsSync(started)).toBe(true)
  expect(witnesses).toMatchObject([{ token: 2, counts: { in: 10, out: 10, done: 10, missing: 0 } }])
})

test('a lease that cannot be given back keeps no witness from being told', async () => {
  const plan = await plantParts(2, 4)
  const leases = (space: LeaseSpace): LeaseSpace => {
    const replace: LeaseSpace['replace'] = async (name, version, record, signal) => {
      if (record.state === 'released') throw away()
      return space.replace(name, version, record, signal)
    }
    return otherwise(space, { replace })
  }
  expect(await run({ location: plan.parts }, { leases })).toHaveLength(2)
})

test('a finished journal that cannot be written: what the command has printed is kept, and not done again', async () => {
  const plan = await plantParts(1, 4)
  let failures = 0
  const store = (store: Store) => {
    const write: Store['write'] = (item, ...rest) => {
      if (String(item.key).endsWith('.journal.ndjson') && failures++ === 0) throw away()
      return (store.write as NonNullable<Store['write']>)(item, ...rest)
    }
    return otherwise(store, { write })
  }
  const command = ['sh', '-c', `tee -a ${plan.log} | sed 's/}$/,"outcome":"done"}/'`]
  const witnesses = await run({ location: plan.parts, command }, { store })
  expect(failures).toBe(2)
  expect(witnesses).toMatchObject([{ token: 2, counts: { in: 4, out: 4, done: 4, missing: 0 } }])
  expect((await readFile(plan.log, 'utf8')).trimEnd().split('\n')).toHaveLength(4)
})

test('dead between the finished journal and the witness: the next holder counts that journal, and runs nothing', async () => {
  const plan = await plantParts(1, 2)
  const [first = ''] = (await readFile(`${plan.parts}/part-0001.ndjson`, 'utf8')).split('\n')
  const journal = `${JSON.stringify({ ...JSON.parse(first), outcome: 'done' })}\n`
  await writeFile(`${plan.parts}/part-0001.journal.ndjson`, journal)
  const witnesses = await run({ location: plan.parts, command: ['sh', '-c', `touch ${plan.gate}; cat`] }, {})
  expect(witnesses).toMatchObject([{ counts: { in: 2, out: 1, done: 1, missing: 1 } }])
  expect(existsSync(plan.gate)).toBe(false)
})

test('dead right after the witness: the last look clears its segments away', async () => {
  const plan = await plantParts(1, 2)
  expect(await run({ location: plan.parts }, {})).toHaveLength(1)
  await writeFile(`${plan.parts}/part-0001.journal.1.1.ndjson`, '{"key":"k1-1","outcome":"done"}\n')
  expect(await run({ location: plan.parts }, {})).toEqual([])
  expect(existsSync(`${plan.parts}/part-0001.journal.1.1.ndjson`)).toBe(false)
})
