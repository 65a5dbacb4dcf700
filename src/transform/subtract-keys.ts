/** subtract-keys: what is still to be done, the records whose key is not among the done ones. Writes to no store. */
import { RekeyError } from '../record/errors.ts'
import { AWS_FLAGS, awsSettings } from '../stage/aws-flags.ts'
import type { Tool } from '../stage/tool.ts'
import { flag, text, texts } from '../stage/tool.ts'
import type { StoreSettings } from '../store/contract.ts'
import { parseFieldPath } from './field-path.ts'
import type { SubtractOptions } from './subtract-stage.ts'
import { subtractStage } from './subtract-stage.ts'

interface Options extends SubtractOptions {
  readonly settings: Partial<StoreSettings>
}

export const subtractKeys: Tool<Options> = {
  name: 'subtract-keys',
  summary: 'leaves out what is done',
  words: { name: 'FILE', help: 'records; without a file, stdin', required: false },
  reads: 'records',
  examples: [
    {
      command: 'subtract-keys --done run.ndjson < plan.ndjson > pending.ndjson',
      says: 'a plan without what a journal has done',
    },
    { command: 'list-keys ./data/ | subtract-keys --done ./copied/', says: 'what is here and not there, by key' },
    {
      command: 'subtract-keys --done witnesses.ndjson --on value.lat,value.lon,value.phrase < targets.ndjson',
      says: 'where the key is made of parts',
    },
    {
      command: 'list-keys ./data/ | subtract-keys --done ./copied/ --sorted',
      says: 'by merge, with nothing held: both sides are in the order of bytes, as directories and S3 list',
    },
  ],
  flags: {
    done: {
      type: 'string',
      many: true,
      value: 'LOCATION|FILE',
      help: 'what is done: a store, which is listed, or a file of records or journals',
    },
    on: {
      type: 'string',
      value: 'FIELD,...',
      help: 'the fields that must be alike, such as value.lat; A=B where --done calls it B (default key)',
    },
    sorted: {
      type: 'boolean',
      help: 'both sides are in the order of their bytes: merge them; checked, and an error where it is not so',
    },
    'mark-done': { type: 'boolean', help: 'print what is done too, as skipped, done-before' },
    ...AWS_FLAGS,
  },
  holds: '12 to 16 bytes for each key of --done; with --sorted one batch of each side',
  onFailure:
    'a --done that cannot be read to its end ends the run with exit code 3, before a line is printed; with --sorted, where it stands',
  goOn: 'nothing was written to a store: run it again',
  closedOutput: () => 'quiet',
  check(args) {
    const done = texts(args, 'done')
    if (done.length === 0) throw new RekeyError('E_USAGE', 'what is done? Give --done a location, or a file of records')
    const pairs = (text(args, 'on') ?? 'key').split(',').map((pair) => pair.split('='))
    const tooMany = pairs.find((pair) => pair.length > 2)
    if (tooMany !== undefined) throw new RekeyError('E_USAGE', `--on "${tooMany.join('=')}" has more than one =`)
    const sorted = flag(args, 'sorted')
    if (sorted && pairs.length > 1)
      throw new RekeyError('E_USAGE', '--sorted is for one field; there is no order of several')
    return {
      done,
      fields: pairs.map(([field = '']) => parseFieldPath(field, '--on')),
      doneFields: pairs.map((pair) => parseFieldPath(pair.at(-1) ?? '', '--on')),
      sorted,
      markDone: flag(args, 'mark-done'),
      settings: awsSettings(args),
    }
  },
  settings: ({ settings }) => settings,
  tally: (record) => record.outcome ?? 'pending',
  stage: subtractStage,
}
