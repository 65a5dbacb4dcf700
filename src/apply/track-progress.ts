/** track-progress: stands in a pipe, hands on every byte, and writes down elsewhere how far the migration has come. */
import { hostname } from 'node:os'
import { RekeyError } from '../record/errors.ts'
import { AWS_FLAGS, awsSettings } from '../stage/aws-flags.ts'
import { durationMs } from '../stage/duration.ts'
import type { Schema } from '../stage/progress/place.ts'
import { placeOf, SCHEMAS, schemaOf } from '../stage/progress/place.ts'
import type { Arguments, Tool } from '../stage/tool.ts'
import { flag, number, text, texts } from '../stage/tool.ts'
import type { Field } from './progress/groups.ts'
import type { TrackOptions } from './progress/stage.ts'
import { trackStage } from './progress/stage.ts'
import { WHOLE } from './progress/standing.ts'

export const trackProgress: Tool<TrackOptions> = {
  name: 'track-progress',
  summary: 'counts, and writes rows of progress',
  words: {
    name: 'LOCATION',
    help: 'where the rows go: a directory, s3://, redis://, dynamodb://',
    required: true,
    isOne: true,
  },
  reads: 'records',
  handsOn: true,
  examples: [
    {
      command: 'copy-apply < plan.ndjson | track-progress --plan plan.ndjson ./progress/ > run.ndjson',
      says: 'one row for the whole run, each 30 seconds and at its end',
    },
    {
      command:
        'track-progress --by customer,space --plan plan.ndjson redis://localhost:6379/0 < run.ndjson > counted.ndjson',
      says: 'a row for each customer and space: pending, in-progress, completed or failed',
    },
    {
      command:
        'copy-apply --resume run.ndjson < plan.ndjson | track-progress --resume run.ndjson ./progress/ >> run.ndjson',
      says: 'goes on, with what the journal has settled',
    },
    {
      command: 'track-progress s3://bucket/status/ < run.ndjson > same.ndjson',
      says: 'a heartbeat of this host: status/HOST.json',
    },
  ],
  flags: {
    by: {
      type: 'string',
      value: 'FIELD,...',
      help: 'a row for each value of these fields: customer, space, part, value.a.b (default: one row)',
    },
    plan: {
      type: 'string',
      value: 'FILE|LOCATION',
      help: 'what is planned, a file or all keys *.ndjson of a store: a group is completed when all of it is settled',
    },
    total: { type: 'number', min: 1, value: 'N', help: 'so many records are planned, where there is one row' },
    'complete-at-end': {
      type: 'boolean',
      help: 'without a plan: the end of the input completes; a pipe does not tell whether its writer has died',
    },
    resume: {
      type: 'string',
      many: true,
      value: 'FILE',
      help: 'a journal whose records count as passed, each once; as copy-apply --resume',
    },
    every: { type: 'string', value: 'N|Ts', default: '30s', help: 'write rows after N records, or each 30s, 2m' },
    schema: {
      type: 'choice',
      choices: SCHEMAS,
      help: 'rows by group, or status/HOST.json (default: heartbeat where LOCATION ends in status/)',
    },
    instance: {
      type: 'string',
      value: 'NAME',
      help: 'who writes: instanceId, hostname (default: the name of this host)',
    },
    worker: { type: 'string', value: 'NAME', help: 'which of its workers: workerId' },
    share: {
      type: 'string',
      value: 'NAME',
      help: 'the part of the work that this run counts, where several runs share rows; their shares add up',
    },
    ...AWS_FLAGS,
  },
  holds: 'some 600 bytes a group, at most 100,000 groups; 12 to 16 bytes for each record that --resume names',
  onFailure: 'a store that fails is warned about, and again when it is well; the records go on and never wait for it',
  goOn: 'run it again with --resume and the file it has written',
  closedOutput: () => 'stop',
  check: optionsOf,
  settings: ({ aws }) => ({ timeoutMs: TIMEOUT_MS, ...(aws !== undefined && { aws }) }),
  stage: trackStage,
}

/** A store that hangs is soon known to. */
const TIMEOUT_MS = 10_000

function optionsOf(args: Arguments): TrackOptions {
  const [location = '', ...more] = args.words
  if (more.length > 0) throw usage(`LOCATION: "${more[0]}" is one too many; records come from stdin`)
  const schema = (text(args, 'schema') as Schema | undefined) ?? schemaOf(location)
  const fields = fieldsOf(text(args, 'by'))
  const [plan, total] = [text(args, 'plan'), number(args, 'total')]
  if (schema === 'heartbeat' && fields.length > 0)
    throw usage('--by: a heartbeat counts all as one; rows are --schema migration-progress')
  if (total !== undefined && fields.length > 0) throw usage('--total is for one row; --plan counts for each group')
  if (total !== undefined && plan !== undefined) throw usage('--total and --plan say the same: give one of them')
  if (plan !== undefined && flag(args, 'complete-at-end')) throw usage('--complete-at-end is for runs without --plan')
  placeOf(location, schema)
  return {
    location,
    schema,
    fields,
    every: everyOf(text(args, 'every') ?? ''),
    plan,
    total,
    completesAtEnd: flag(args, 'complete-at-end'),
    resume: texts(args, 'resume'),
    share: text(args, 'share') ?? WHOLE,
    writer: { instance: text(args, 'instance') ?? hostname(), worker: text(args, 'worker') },
    ...awsSettings(args),
  }
}

function fieldsOf(given: string | undefined): readonly Field[] {
  if (given === undefined) return []
  return given.split(',').map((word) => {
    const path = word.trim().split('.')
    if (path.includes(''))
      throw usage(`--by takes names of fields, as in customer,value.space; "${given}" has an empty one`)
    return { name: path.at(-1) as string, path }
  })
}

function everyOf(given: string): TrackOptions['every'] {
  if (/^[1-9]\d*$/.test(given)) return { records: Number(given) }
  const ms = /[a-z]$/.test(given) ? durationMs(given) : undefined
  if (ms !== undefined) return { ms }
  throw usage(`--every takes a number of records, or a time as in 30s, 2m; "${given}" is neither`)
}

function usage(message: string): RekeyError {
  return new RekeyError('E_USAGE', message)
}
