/** verify: whether each destination holds what its source holds, how strong the proof is, and in what they differ. */
import { RekeyError } from '../record/errors.ts'
import type { KeyRecord, Proof } from '../record/record.ts'
import { AWS_FLAGS, awsSettings } from '../stage/aws-flags.ts'
import { concurrencyOf } from '../stage/key-limit.ts'
import { READ_RATE_FLAG, rateOf } from '../stage/rate.ts'
import type { Arguments, Tool } from '../stage/tool.ts'
import { flag, text, texts } from '../stage/tool.ts'
import type { VerifyOptions } from './verify-stage.ts'
import { verifyStage } from './verify-stage.ts'

export const verify: Tool<VerifyOptions> = {
  name: 'verify',
  summary: 'proves that the copies are right',
  words: { name: 'FILE', help: 'journals or plans; stdin when none is named', required: false },
  reads: 'records',
  examples: [
    { command: 'verify < run.ndjson > proven.ndjson', says: 'looks at both sides of every record afresh' },
    { command: 'verify --only-bad run.ndjson', says: 'prints only what differs, failed or is unknown' },
    {
      command: 'verify --proof bytes --sample 1% < run.ndjson',
      says: 'reads one record in a hundred whole, byte by byte',
    },
    { command: 'verify < plan.ndjson', says: 'holds a plan against what another tool has copied' },
  ],
  flags: {
    proof: {
      type: 'choice',
      choices: ['size', 'etag', 'bytes'],
      help: 'the least that is accepted (default: the strongest that the stores offer without sending whole bodies)',
    },
    sample: { type: 'string', value: 'P%', help: 'look at this part of the records, by chance (default 100%)' },
    'only-bad': { type: 'boolean', help: 'print only what is not proven; everything is counted' },
    concurrency: {
      type: 'string',
      value: 'N|auto',
      help: 'keys in flight at once (default auto: what suits the store)',
    },
    'mtime-field': {
      type: 'string',
      many: true,
      value: 'FIELD',
      help: 'a hash field that holds a time, as given to list-keys: tells a source that has changed since (Redis)',
    },
    rate: READ_RATE_FLAG,
    ...AWS_FLAGS,
  },
  holds: 'the keys in flight',
  onFailure: 'what differs, and what a store would not tell, comes out with verified false; exit code 1',
  goOn: 'nothing was written to a store: run it again',
  closedOutput: () => 'quiet',
  check: (args) => ({
    least: text(args, 'proof') as Proof | undefined,
    sample: sampleOf(args),
    onlyBad: flag(args, 'only-bad'),
    concurrency: concurrencyOf(args),
    mtimeFields: texts(args, 'mtime-field'),
    rate: rateOf(args, ['rcu']),
    ...awsSettings(args),
  }),
  settings: ({ mtimeFields, concurrency, rate, aws }) => ({
    mtimeFields,
    ...rate,
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(aws === undefined ? {} : { aws }),
  }),
  tally,
  prints: ({ onlyBad }, record) => !onlyBad || isBad(record),
  stage: verifyStage,
}

function tally(record: KeyRecord): string {
  if (record.verified !== undefined) return record.verified ? 'verified' : 'differ'
  if (record.reason === 'gone') return 'gone'
  return record.outcome === undefined ? 'not looked at' : `${record.outcome} before`
}

function isBad({ verified, outcome }: KeyRecord): boolean {
  return verified === false || (verified === undefined && (outcome === 'failed' || outcome === 'unknown'))
}

/** The part of the records that --sample names, 1 for all. */
function sampleOf(args: Arguments): number {
  const given = text(args, 'sample')
  if (given === undefined) return 1
  const percent = /^(\d+(?:\.\d+)?)%?$/.exec(given)?.[1]
  if (percent !== undefined && Number(percent) > 0 && Number(percent) <= 100) return Number(percent) / 100
  throw new RekeyError('E_USAGE', `--sample takes a percentage above 0 and up to 100%; "${given}" is not one`)
}
