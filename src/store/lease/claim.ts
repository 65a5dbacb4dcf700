/**
 * Claims a lease: looks, judges, and creates or takes over by compare-and-swap. What was sent and not answered is looked
 * for, so that a claim either holds the lease or does not.
 */
import type { LeaseRecord, LeaseSpace, SeenLease } from './contract.ts'
import { Lease } from './held.ts'
import type { Watch } from './judge.ts'
import { standingOf } from './judge.ts'
import type { Keeper } from './keeper.ts'
import { timesOf } from './record.ts'
import { write } from './write.ts'

/** The lease; or, where somebody else has it, what was seen of that: undefined when they were quicker just now. */
export type Claimed = { readonly lease: Lease } | { readonly heldBy: SeenLease | undefined }

/** Throws what keeps the store from telling. */
export async function claim(
  space: LeaseSpace,
  name: string,
  keeper: Keeper,
  watch: Watch,
  signal: AbortSignal,
): Promise<Claimed> {
  const seen = await space.read(name, signal)
  const unchangedMs = watch.unchangedMs(name, seen, keeper.clock.steady())
  if (standingOf(seen, unchangedMs, keeper.staleMs) === 'held') return { heldBy: seen }
  const sentMs = keeper.clock.steady()
  const record = firstRecord(keeper, seen?.record)
  const version = await write(space, name, seen?.version, record, signal)
  if (version === undefined) return { heldBy: undefined }
  return { lease: new Lease(space, name, keeper, { record, version, sentMs }) }
}

function firstRecord({ worker, termMs, staleMs, clock }: Keeper, before: LeaseRecord | undefined): LeaseRecord {
  const now = clock.now()
  return {
    worker_id: worker.id,
    host: worker.host,
    pid: worker.pid,
    state: 'held',
    token: (before?.token ?? 0) + 1,
    beats: 0,
    attempts: before?.attempts ?? 0,
    stale_ms: Math.min(termMs, staleMs),
    ...timesOf(now, now, termMs),
  }
}
