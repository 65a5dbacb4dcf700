/** run-parts: claims the parts of a split plan one after the other and runs a command on each, on any number of hosts. */
import { RekeyError } from '../record/errors.ts'
import { AWS_FLAGS, awsSettings } from '../stage/aws-flags.ts'
import { timeOf } from '../stage/duration.ts'
import type { Arguments, Tool } from '../stage/tool.ts'
import { flag, number, text } from '../stage/tool.ts'
import type { PartsOptions } from './parts/parts-stage.ts'
import { partsStage } from './parts/parts-stage.ts'

/** Clocks of servers tell seconds, and a heartbeat needs its time. */
const LEAST_MS = 1_000

export const runParts: Tool<PartsOptions> = {
  name: 'run-parts',
  summary: 'shares parts among hosts',
  words: { name: 'LOCATION', help: 'a directory or bucket with part-*.ndjson', required: true, isOne: true },
  command: { name: 'COMMAND...', help: 'reads the records of a part and prints each with what became of it' },
  reads: 'nothing',
  counts: { one: 'part', many: 'parts' },
  examples: [
    {
      command: 'run-parts parts/ -- copy-apply',
      says: 'on as many hosts as you like: each takes parts until none is left',
    },
    {
      command: 'run-parts parts/ --once --attempts 5 -- copy-apply --if-exists newest > done.ndjson',
      says: 'takes what it can get and does not wait for the parts that others hold',
    },
    {
      command: "run-parts parts/ --lease redis:// -- sh -c 'copy-apply | verify'",
      says: 'leases in Redis; a pipeline goes through a shell',
    },
  ],
  flags: {
    lease: { type: 'string', value: 'LOCATION', help: 'where the leases are kept (default: leases/ beside the parts)' },
    term: { type: 'string', value: 'TIME', help: 'how long a lease is good for without being renewed (default 15m)' },
    stale: {
      type: 'string',
      value: 'TIME',
      help: 'a lease without a heartbeat for so long is taken over (default 10m)',
    },
    attempts: {
      type: 'number',
      min: 1,
      default: 3,
      value: 'N',
      help: 'a part that has failed, or lost its worker, so often is set aside',
    },
    wait: {
      type: 'string',
      value: 'TIME',
      help: 'wait so long for manifest.json, which shard-keys writes last (default: begin with the parts that are there)',
    },
    once: { type: 'boolean', help: 'end when there is nothing to claim; do not wait for the parts that others hold' },
    ...AWS_FLAGS,
  },
  holds:
    'up to 12 MiB of one part and its journal, 48 bytes for each record of a part that changes hands; a line for each part',
  onFailure:
    'a part whose command fails, or whose worker dies, is tried again, and set aside after --attempts; the rest goes on; a command that cannot be run ends everything, with 2',
  goOn: 'run it again: it goes on from what the journals hold',
  closedOutput: () => 'stop',
  check(args) {
    if (args.words.length > 1) {
      throw new RekeyError('E_USAGE', `run-parts takes one LOCATION; what belongs to the command goes behind --`)
    }
    return {
      location: locationOf(args),
      command: args.command,
      lease: text(args, 'lease'),
      termMs: timeOf(args, 'term', LEAST_MS) ?? 15 * 60_000,
      staleMs: timeOf(args, 'stale', LEAST_MS) ?? 10 * 60_000,
      attempts: number(args, 'attempts') ?? 3,
      once: flag(args, 'once'),
      waitMs: timeOf(args, 'wait'),
      ...awsSettings(args),
    }
  },
  settings: ({ aws }) => (aws === undefined ? {} : { aws }),
  stage: partsStage,
}

function locationOf({ words: [location = ''] }: Arguments): string {
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(location)?.[1]?.toLowerCase() ?? 'file'
  if (scheme === 'file' || scheme === 's3') return location
  throw new RekeyError('E_USAGE', `parts are kept in a directory or in S3; "${scheme}:" is neither`)
}
