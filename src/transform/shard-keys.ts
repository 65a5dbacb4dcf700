/** shard-keys: divides records over hosts, as a filter or into parts. */
import { RekeyError } from '../record/errors.ts'
import { AWS_FLAGS, awsSettings } from '../stage/aws-flags.ts'
import type { Arguments, Tool } from '../stage/tool.ts'
import { number, text } from '../stage/tool.ts'
import type { StoreSettings } from '../store/contract.ts'
import { parseFieldPath } from './field-path.ts'
import type { FilterOptions } from './shard/filter-stage.ts'
import { filterStage } from './shard/filter-stage.ts'
import type { PartsOptions } from './shard/parts-stage.ts'
import { partsStage } from './shard/parts-stage.ts'

type Options = { readonly settings: Partial<StoreSettings> } & (FilterOptions | PartsOptions)

/** Names of parts have four digits. */
const MOST_PARTS = 10_000

export const shardKeys: Tool<Options> = {
  name: 'shard-keys',
  summary: 'divides records over hosts',
  words: { name: 'FILE', help: 'records; without a file, stdin', required: false },
  reads: 'records',
  examples: [
    {
      command: 'shard-keys --index 0 --of 8 < plan.ndjson | copy-apply > run-0.ndjson',
      says: 'the first of eight shards; another host takes the next',
    },
    {
      command: 'shard-keys --index 0 --of 8 --by value.space < uploads.ndjson > shard-0.ndjson',
      says: 'what has one space stays together',
    },
    {
      command: 'shard-keys --parts 64 --out ./shards/ < plan.ndjson',
      says: 'part-0000.ndjson to part-0063.ndjson and manifest.json',
    },
    {
      command: 'shard-keys --parts 4 --by value.space --weight size --out s3://bucket/parts/ < uploads.ndjson',
      says: 'parts of even size, no space divided',
    },
  ],
  flags: {
    index: { type: 'number', min: 0, value: 'I', help: 'print only this shard, from 0 to one less than --of' },
    of: { type: 'number', min: 1, max: 2 ** 32, value: 'N', help: 'how many shards there are' },
    by: {
      type: 'string',
      value: 'FIELD,...',
      help: 'keep together what is alike in this field, such as value.space (default key)',
    },
    parts: { type: 'number', min: 1, max: MOST_PARTS, value: 'N', help: 'write so many parts of even weight instead' },
    out: {
      type: 'string',
      value: 'LOCATION',
      help: 'where the parts and manifest.json go: a directory, or a prefix of S3',
    },
    weight: {
      type: 'string',
      value: 'FIELD',
      help: 'a number in each record that says how heavy it is (default: each weighs 1)',
    },
    ...AWS_FLAGS,
  },
  holds:
    'as a filter, one batch; with --parts 16 MB, or 4 kB a part where that is more, and the groups of --by, the lines themselves in temporary files; with --weight up to 16 MB',
  onFailure:
    'a record without the field of --by or --weight comes out failed (E_FIELD), in one shard, or printed and in no part; parts of another plan are never touched (E_EXISTS)',
  goOn: 'run it again on the same input: it gives the same shards, and parts that are there are known again',
  closedOutput: () => 'quiet',
  check(args) {
    const by = text(args, 'by')
      ?.split(',')
      .map((field) => parseFieldPath(field, '--by'))
    const settings = awsSettings(args)
    return number(args, 'parts') === undefined
      ? { settings, ...checkFilter(args), by }
      : { settings, ...checkParts(args), by }
  },
  settings: ({ settings }) => settings,
  tally: (record) => record.outcome ?? 'in this shard',
  stage: (options) => ('parts' in options ? partsStage(options) : filterStage(options)),
}

function checkFilter(args: Arguments): Omit<FilterOptions, 'by'> {
  const index = number(args, 'index')
  const of = number(args, 'of')
  const stray = ['out', 'weight'].find((name) => text(args, name) !== undefined)
  if (stray !== undefined) throw usage(`--${stray} is for --parts`)
  if (index === undefined && of === undefined)
    throw usage('give --index I --of N for one shard, or --parts N --out LOCATION for all')
  if (index === undefined) throw usage('--of needs --index: which of the shards, from 0')
  if (of === undefined) throw usage('--index needs --of: how many shards there are')
  if (index >= of) throw usage(`--index counts from 0, so the last of ${of} is ${of - 1}; ${index} is none`)
  return { index, of }
}

function checkParts(args: Arguments): Omit<PartsOptions, 'by'> {
  const stray = ['index', 'of'].find((name) => number(args, name) !== undefined)
  if (stray !== undefined) throw usage(`--${stray} is for one shard, --parts writes all: give one of the two`)
  const out = text(args, 'out')
  if (out === undefined) throw usage('--parts needs --out: where the parts go')
  const weight = text(args, 'weight')
  return {
    parts: number(args, 'parts') as number,
    out,
    weight: weight === undefined ? undefined : parseFieldPath(weight, '--weight'),
  }
}

function usage(message: string): RekeyError {
  return new RekeyError('E_USAGE', message)
}
