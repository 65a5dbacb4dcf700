/** One lease, several workers, on every kind of store: who has it, for how long, and whose clock counts. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { RekeyError } from '../../../src/record/errors.ts'
import { STORE_DEFAULTS } from '../../../src/store/contract.ts'
import type { Claimed } from '../../../src/store/lease/claim.ts'
import { claim } from '../../../src/store/lease/claim.ts'
import type { LeaseSpace } from '../../../src/store/lease/contract.ts'
import type { Lease } from '../../../src/store/lease/held.ts'
import { Watch } from '../../../src/store/lease/judge.ts'
import type { Keeper } from '../../../src/store/lease/keeper.ts'
import { openLeases } from '../../../src/store/lease/open.ts'
import { write } from '../../../src/store/lease/write.ts'
import { surroundings } from '../s3/open.ts'
import { PLACES } from './spaces.ts'

const { signal } = new AbortController()
const MINUTE = 60_000

function keeper(id: string, { staleMs = 10 * MINUTE, wrongMs = 0 } = {}): Keeper {
  const clock = { now: () => Date.now() + wrongMs, steady: () => performance.now() }
  return { worker: { id, host: 'test', pid: 1 }, termMs: 15 * MINUTE, staleMs, clock }
}

function got(claimed: Claimed): Lease {
  if ('lease' in claimed) return claimed.lease
  throw new Error('somebody else has the lease')
}

describe.each(Object.keys(PLACES))('%s', (kind) => {
  let space: LeaseSpace
  let prefix: string
  let count = 0
  beforeAll(async () => {
    const place = await (PLACES[kind] as (typeof PLACES)[string])()
    for (const [name, value] of Object.entries(place.env)) vi.stubEnv(name, value)
    space = await openLeases(place.location, STORE_DEFAULTS, surroundings())
    vi.unstubAllEnvs()
    prefix = place.prefix
    await space.check(signal)
  })
  afterAll(() => space.close())
  const fresh = () => `${prefix}lease-${count++}`

  /** Claims until it has it: what stands in its way goes by itself. */
  async function claimInTime(name: string, keeper: Keeper, watch = new Watch()): Promise<Lease> {
    for (;;) {
      const claimed = await claim(space, name, keeper, watch, signal)
      if ('lease' in claimed) return claimed.lease
      await sleep(20)
    }
  }

  test('who comes second does not get it, and is told who has it; what is given back is free, with a higher token', async () => {
    const name = fresh()
    const first = got(await claim(space, name, keeper('one'), new Watch(), signal))
    expect(first).toMatchObject({ token: 1, attempts: 0, isHeld: true })
    const second = await claim(space, name, keeper('two'), new Watch(), signal)
    expect(second).toMatchObject({ heldBy: { record: { worker_id: 'one', state: 'held' } } })
    await first.release(2)
    expect(first.isHeld).toBe(false)
    const third = got(await claim(space, name, keeper('two'), new Watch(), signal))
    expect(third).toMatchObject({ token: 2, attempts: 2, takenFrom: undefined })
    await third.release(0)
  })

  test('a heartbeat changes what is seen of it, and the holder goes on', async () => {
    const name = fresh()
    const lease = got(await claim(space, name, keeper('one'), new Watch(), signal))
    const before = await space.read(name, signal)
    expect(await lease.renew()).toBe(true)
    const after = await space.read(name, signal)
    expect(after?.record).toMatchObject({ worker_id: 'one', token: 1, beats: 1 })
    expect(after?.mark).not.toBe(before?.mark)
    expect(await lease.renew()).toBe(true)
    await lease.release(0)
  })

  test('of two that find it stale one takes it over, and the old holder can neither renew nor give it back', async () => {
    const name = fresh()
    const old = got(await claim(space, name, keeper('old', { staleMs: 10 * MINUTE }), new Watch(), signal))
    const seen = await space.read(name, signal)
    const version = seen?.version as string
    const record = (worker_id: string) =>
      ({ ...(seen?.record as never as object), worker_id, token: 2, beats: 0 }) as never
    const taken = await Promise.all(['a', 'b'].map((worker) => write(space, name, version, record(worker), signal)))
    expect(taken.filter((one) => one !== undefined)).toHaveLength(1)
    expect(await old.renew()).toBe(false)
    expect([old.isHeld, old.lost.aborted]).toEqual([false, true])
    await old.release(0)
    expect((await space.read(name, signal))?.record).toMatchObject({ token: 2, state: 'held' })
  })

  test('a holder that is cut off has stopped when another takes over', async () => {
    const name = fresh()
    const quick = { staleMs: 1_000 }
    const cutOff: LeaseSpace = {
      ...bound(space),
      replace: () => Promise.reject(new RekeyError('E_CONNECTION', 'the cable is out')),
    }
    const lost = got(await claim(cutOff, name, keeper('cut off', quick), new Watch(), signal))
    const next = await claimInTime(name, keeper('next', quick))
    expect([lost.isHeld, lost.warned.aborted, lost.lost.aborted]).toEqual([false, true, true])
    expect(await lost.renew()).toBe(false)
    // That it fell silent is a failure.
    expect(next).toMatchObject({ token: 2, attempts: 1, takenFrom: { worker_id: 'cut off' } })
    expect((await space.read(name, signal))?.record.attempts).toBe(1)
    await next.release()
    expect((await space.read(name, signal))?.record.attempts).toBe(1)
  })

  test('a heartbeat whose answer is lost is looked for, and the holder goes on', async () => {
    const name = fresh()
    const deaf: LeaseSpace = {
      ...bound(space),
      async replace(...args) {
        await space.replace(...args)
        throw new RekeyError('E_UNANSWERED', 'no answer')
      },
    }
    const lease = got(await claim(deaf, name, keeper('deaf'), new Watch(), signal))
    expect([await lease.renew(), await lease.renew()]).toEqual([true, true])
    expect((await space.read(name, signal))?.record.beats).toBe(2)
  })

  test.each([-20, 20])(
    'the clock of the holder is wrong by %d minutes, and nobody takes a living lease',
    async (minutes) => {
      const name = fresh()
      const holder = got(await claim(space, name, keeper('wrong', { wrongMs: minutes * MINUTE }), new Watch(), signal))
      for (const wrongMs of [0, -20 * MINUTE, 20 * MINUTE]) {
        const claimed = await claim(space, name, keeper('other', { wrongMs }), new Watch(), signal)
        expect(claimed).toMatchObject({ heldBy: { record: { worker_id: 'wrong' } } })
      }
      expect(await holder.renew()).toBe(true)
      await holder.release(0)
    },
  )

  test('a dead holder whose clock was 20 minutes ahead is taken over in time all the same', async () => {
    const name = fresh()
    const dead = keeper('dead', { staleMs: 1_000, wrongMs: 20 * MINUTE })
    await space.create(name, { ...LEASE, worker_id: 'dead', stale_ms: 1_000, heartbeat_at: iso(dead) }, signal)
    const next = await claimInTime(name, keeper('next', { staleMs: 1_000, wrongMs: -20 * MINUTE }))
    expect(next.token).toBe(2)
    await next.release(0)
  })
})

function bound(space: LeaseSpace): LeaseSpace {
  return {
    location: space.location,
    check: (signal) => space.check(signal),
    read: (name, signal) => space.read(name, signal),
    create: (...args) => space.create(...args),
    replace: (...args) => space.replace(...args),
    close: () => space.close(),
  }
}

const LEASE = { token: 1, beats: 0, state: 'held', attempts: 0, created_at: '' } as const

function iso({ clock }: Keeper): string {
  return new Date(clock.now()).toISOString()
}
