/** copy-apply: writes what a plan says, under a guard, and tells what became of every record. It never deletes. */
import { RekeyError } from '../record/errors.ts'
import { AWS_FLAGS, awsSettings } from '../stage/aws-flags.ts'
import { concurrencyOf } from '../stage/key-limit.ts'
import { RATE_FLAG, rateOf } from '../stage/rate.ts'
import type { Arguments, Tool } from '../stage/tool.ts'
import { flag, number, text, texts } from '../stage/tool.ts'
import { cleanStage } from './clean-uploads.ts'
import type { CopyOptions } from './copy-stage.ts'
import { copyStage } from './copy-stage.ts'
import type { IfExists } from './if-exists.ts'
import { IF_EXISTS } from './if-exists.ts'
import { PRICES_FLAG, pricesOf } from './prices.ts'

export const copyApply: Tool<CopyOptions> = {
  name: 'copy-apply',
  summary: 'writes the plan, never overwriting',
  words: { name: 'FILE', help: 'plans; stdin when none is named', required: false },
  reads: 'records',
  examples: [
    { command: 'copy-apply --dry-run < plan.ndjson', says: 'looks at every destination and writes nothing' },
    {
      command: 'copy-apply < plan.ndjson > run.ndjson',
      says: 'copies; what exists is skipped; run.ndjson is the journal',
    },
    {
      command: 'copy-apply --resume run.ndjson < plan.ndjson >> run.ndjson',
      says: 'goes on after a kill, a crash or Ctrl-C',
    },
    {
      command: 'copy-apply --intents begun.ndjson < plan.ndjson > run.ndjson',
      says: 'notes each write before it is made, so that also what a kill cuts short can be told and undone',
    },
    { command: 'copy-apply --retry < run.ndjson > again.ndjson', says: 'tries what failed or is unknown once more' },
    {
      command: 'copy-apply --clean-uploads 24 < plan.ndjson > /dev/null',
      says: 'copies nothing; ends what earlier runs have left half uploaded',
    },
  ],
  flags: {
    'dry-run': { type: 'boolean', alias: 'n', help: 'write nothing; records come out as planned, skipped or failed' },
    'if-exists': {
      type: 'choice',
      choices: IF_EXISTS,
      default: 'skip',
      help: 'what to do where the destination exists; merge unites Redis hashes, sets and sorted sets',
    },
    concurrency: {
      type: 'string',
      value: 'N|auto',
      help: 'keys in flight at once (default auto: what suits the store)',
    },
    rate: RATE_FLAG,
    retries: { type: 'number', min: 0, default: 3, value: 'N', help: 'tries after the first, for what may pass' },
    resume: {
      type: 'string',
      many: true,
      value: 'FILE',
      help: 'a journal; what it settles is not done and not printed again',
    },
    intents: {
      type: 'string',
      value: 'FILE',
      help: 'note each write here before it is made; read again by a resumed run',
    },
    retry: { type: 'boolean', help: 'take up failed and unknown records again' },
    prices: PRICES_FLAG,
    'mtime-field': {
      type: 'string',
      many: true,
      value: 'FIELD',
      help: 'a hash field that holds a time, for newest (Redis)',
    },
    'clean-uploads': {
      type: 'number',
      min: 1,
      value: 'HOURS',
      help: 'copy nothing; end our uploads to these destinations, idle so long (S3)',
    },
    acl: { type: 'boolean', help: 'access control lists are copied too, inside one bucket (S3)' },
    ...AWS_FLAGS,
  },
  holds: 'the keys in flight; 12 to 16 bytes for each record that --resume and --intents name',
  onFailure: 'a record that fails is printed with its error and the rest goes on; what got no answer is looked for',
  goOn: 'nothing is lost: run it again with --resume and the file it has written',
  closedOutput: ({ dryRun }) => (dryRun ? 'quiet' : 'stop'),
  check(args) {
    refuseResumeWithRetry(args)
    refuseCleaningWithMore(args)
    return {
      dryRun: flag(args, 'dry-run'),
      ifExists: text(args, 'if-exists') as IfExists,
      concurrency: concurrencyOf(args),
      rate: rateOf(args),
      retries: number(args, 'retries') ?? 3,
      retry: flag(args, 'retry'),
      resume: texts(args, 'resume'),
      intents: text(args, 'intents'),
      cleanUploads: number(args, 'clean-uploads'),
      mtimeFields: texts(args, 'mtime-field'),
      prices: pricesOf(args),
      ...awsSettings(args),
    }
  },
  settings: ({ retries, rate, mtimeFields, concurrency, aws }) => ({
    retries,
    mtimeFields,
    ...rate,
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(aws === undefined ? {} : { aws }),
  }),
  continues: (options) => options.resume,
  stage: (options) =>
    options.cleanUploads === undefined
      ? copyStage(options)
      : cleanStage({ dryRun: options.dryRun, idleHours: options.cleanUploads }),
}

/** A journal that is added to would hold both outcomes of a record. */
function refuseResumeWithRetry(args: Arguments): void {
  if (!flag(args, 'retry') || texts(args, 'resume').length === 0) return
  throw new RekeyError(
    'E_USAGE',
    '--retry does not go with --resume: copy-apply --retry < run.ndjson > again.ndjson renews the journal',
  )
}

function refuseCleaningWithMore(args: Arguments): void {
  if (number(args, 'clean-uploads') === undefined) return
  const isMore = flag(args, 'retry') || texts(args, 'resume').length > 0 || text(args, 'intents') !== undefined
  if (!isMore) return
  const message = '--clean-uploads copies nothing: it does not go with --resume, --retry or --intents'
  throw new RekeyError('E_USAGE', message)
}
