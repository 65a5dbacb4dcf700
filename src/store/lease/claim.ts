/**
 * Claims a lease: looks, judges, and creates or takes over by compare-and-swap. What was sent and not answered is looked
 * for, so that a claim either holds the lease or does not. Taking over counts as a failure of what the lease is about.
 */
import type { LeaseRecord, LeaseSpace, SeenLease } from './contract.ts'
import { Lease } from './held.ts'
import type { Standing, Watch } from './judge.ts'
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
  const standing = standingOf(seen, unchangedMs, keeper.staleMs)
  if (standing === 'held') return { heldBy: seen }
  const takenFrom = standing === 'stale' ? seen?.record : undefined
  const sentMs = keeper.clock.steady()
  const record = firstRecord(keeper, seen?.record, failuresOf(seen?.record, standing))
  const version = await write(space, name, seen?.version, record, signal)
  if (version === undefined) return { heldBy: undefined }
  return { lease: new Lease(space, name, keeper, { record, version, sentMs }, takenFrom) }
}

/** A holder that has fallen silent has failed, whatever ended it; one that has given the lease back says itself. */
function failuresOf(before: LeaseRecord | undefined, standing: Standing): number {
  return (before?.attempts ?? 0) + (standing === 'stale' ? 1 : 0)
}

function firstRecord(
  { worker, termMs, staleMs, clock }: Keeper,
  before: LeaseRecord | undefined,
  attempts: number,
): LeaseRecord {
  const now = clock.now()
  return {
    worker_id: worker.id,
    host: worker.host,
    pid: worker.pid,
    state: 'held',
    token: (before?.token ?? 0) + 1,
    beats: 0,
    attempts,
    stale_ms: Math.min(termMs, staleMs),
    ...timesOf(now, now, termMs),
  }
}
