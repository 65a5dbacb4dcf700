/** The work of delete-apply on the stream. Holds the batches in flight. */
import type { Line } from '../record/line.ts'
import { settleFailed, settleSkipped } from '../record/line.ts'
import { workByStores } from '../stage/by-stores.ts'
import type { Rate } from '../stage/rate.ts'
import type { Stage } from '../stage/stage.ts'
import type { Placement } from '../stage/store-groups.ts'
import type { AwsSettings } from '../store/contract.ts'
import type { RemovalWork } from './delete-job.ts'
import { removeGroup } from './delete-job.ts'
import type { Deletion, Side } from './deletion.ts'
import { deletionOf } from './deletion.ts'
import { Forecast } from './forecast.ts'
import { HeldKeys } from './held-keys.ts'
import { readPrices } from './prices.ts'
import { settle, stampOf } from './settle.ts'
import type { Settlement } from './work.ts'

export interface DeleteOptions {
  readonly dryRun: boolean
  /** takes deletions back instead of making them */
  readonly undo: boolean
  readonly side: Side
  readonly concurrency: number | undefined
  readonly rate: Rate
  readonly retries: number
  /** the file of --prices */
  readonly prices: string | undefined
  readonly aws?: AwsSettings
}

export function deleteStage(options: DeleteOptions): Stage {
  return async function* (batches, context) {
    const held = new HeldKeys()
    const forecast = options.dryRun
      ? new Forecast(await readPrices(options.prices, context), options.rate.ratePerSecond)
      : undefined
    yield* workByStores<RemovalWork>(batches, context, {
      concurrency: options.concurrency,
      ratePerSecond: options.rate.ratePerSecond,
      place: (line) => placeDeletion(line, deletionOf(line.record, options.side)),
      refuse: ({ line }, error) => settleFailed(line, error.toFailure()),
      async work(group) {
        const started = context.now()
        const settlements = await removeGroup(group, { ...options, forecast }, held, context)
        const stamp = stampOf(started, context.now())
        return group.items.map(({ line }, at) => {
          const settlement = settlements[at] as Settlement
          const isGone = settlement.outcome === 'done'
          return settle(line, settlement, stamp, {
            deleted: isGone ? options.side : undefined,
            marker: isGone && 'marker' in settlement ? settlement.marker : undefined,
          })
        })
      },
    })
    const foreseen = forecast?.toText()
    if (foreseen !== undefined) context.tell(foreseen)
  }
}

/** The removal that a record lets be made, or its line with what became of it. */
function placeDeletion(line: Line, deletion: Deletion): Placement<RemovalWork> | Line {
  if (deletion.kind === 'settled') return line
  if (deletion.kind === 'skip') return settleSkipped(line, deletion.reason)
  const { store, witness } = deletion
  const kind = witness === undefined ? 'without a witness' : 'with one'
  return { item: { line, removal: deletion }, source: store, dest: witness?.store ?? store, kind }
}
