/** delete-apply: removes what is proven to be somewhere else, or takes a copy back. Nothing without a proof. */
import { RekeyError } from '../record/errors.ts'
import type { KeyRecord } from '../record/record.ts'
import { AWS_FLAGS, awsSettings } from '../stage/aws-flags.ts'
import { concurrencyOf } from '../stage/key-limit.ts'
import { RATE_FLAG, rateOf } from '../stage/rate.ts'
import type { Tool } from '../stage/tool.ts'
import { flag, number, text } from '../stage/tool.ts'
import type { DeleteOptions } from './delete-stage.ts'
import { deleteStage } from './delete-stage.ts'
import type { Side } from './deletion.ts'
import { PRICES_FLAG, pricesOf } from './prices.ts'
import { undoStage } from './undo-deletions.ts'

export const deleteApply: Tool<DeleteOptions> = {
  name: 'delete-apply',
  summary: 'deletes what is proven',
  words: { name: 'FILE', help: 'what verify has printed; stdin when none is named', required: false },
  reads: 'records',
  examples: [
    { command: 'delete-apply --dry-run < proven.ndjson', says: 'says what would go' },
    { command: 'delete-apply < proven.ndjson > deleted.ndjson', says: 'removes the sources of verified copies' },
    {
      command: 'verify < run.ndjson | delete-apply --side dest > undone.ndjson',
      says: 'takes back what that run has created',
    },
    {
      command: 'delete-apply --undo < deleted.ndjson > restored.ndjson',
      says: 'brings back what was deleted from a bucket with versions',
    },
  ],
  flags: {
    'dry-run': { type: 'boolean', alias: 'n', help: 'delete nothing; what would go comes out as planned' },
    side: {
      type: 'choice',
      choices: ['source', 'dest'],
      default: 'source',
      help: 'dest undoes a copy: only what the run created',
    },
    undo: {
      type: 'boolean',
      help: 'take deletions back: the delete markers that an earlier run has made on a bucket with versions (S3)',
    },
    concurrency: {
      type: 'string',
      value: 'N|auto',
      help: 'keys in flight at once (default auto: what suits the store)',
    },
    rate: RATE_FLAG,
    retries: { type: 'number', min: 0, default: 3, value: 'N', help: 'tries after the first, for what may pass' },
    prices: PRICES_FLAG,
    ...AWS_FLAGS,
  },
  holds: 'the keys in flight',
  onFailure: 'a key that is no longer what the record says stays and is printed as failed; the rest goes on',
  goOn: 'run it again on the same input: what is gone is skipped',
  closedOutput: ({ dryRun }) => (dryRun ? 'quiet' : 'stop'),
  check(args) {
    const undo = flag(args, 'undo')
    const side = text(args, 'side') as Side
    if (undo && side === 'dest')
      throw new RekeyError('E_USAGE', '--undo takes back deletions of originals: it does not go with --side dest')
    return {
      dryRun: flag(args, 'dry-run'),
      undo,
      side,
      concurrency: concurrencyOf(args),
      rate: rateOf(args),
      retries: number(args, 'retries') ?? 3,
      prices: pricesOf(args),
      ...awsSettings(args),
    }
  },
  settings: ({ retries, rate, concurrency, aws }) => ({
    retries,
    ...rate,
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(aws === undefined ? {} : { aws }),
  }),
  tally,
  stage: (options) => (options.undo ? undoStage(options) : deleteStage(options)),
}

/** A value that was put has no source to delete: its record is as done as it came. */
function tally({ outcome, reason, deleted }: KeyRecord): string {
  const isAsItCame = outcome === 'done' && deleted === undefined && reason !== 'restored'
  return isAsItCame ? 'done before' : (outcome ?? 'open')
}
