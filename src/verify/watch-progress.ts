/** watch-progress: how far a migration is, how fast, when it ends, and whether somebody has to look after it. */
import { AWS_FLAGS, awsSettings } from '../stage/aws-flags.ts'
import { timeOf } from '../stage/duration.ts'
import type { Arguments, Tool } from '../stage/tool.ts'
import { flag, text } from '../stage/tool.ts'
import type { WatchOptions } from './progress/stage.ts'
import { watchStage } from './progress/stage.ts'

export const watchProgress: Tool<WatchOptions> = {
  name: 'watch-progress',
  summary: 'shows progress, and sounds alarms',
  words: { name: 'LOCATION', help: 'where track-progress writes rows or heartbeats', required: true },
  reads: 'nothing',
  reports: true,
  examples: [
    {
      command: 'watch-progress ./progress/',
      says: 'overall, by host and by group, once; exit code 1 when something is wrong',
    },
    {
      command: 'watch-progress ./progress/ --watch 1 | head -n 3',
      says: 'again each second; on a terminal in place, until Ctrl-C',
    },
    {
      command: 'watch-progress ./progress/ --failed --stuck 2h',
      says: 'what has failed, and what was not updated for two hours',
    },
    {
      command: 'watch-progress ./progress/ --html progress.html > report.txt',
      says: 'a page to look at from a phone, in one file',
    },
    { command: 'watch-progress ./progress/ ./status/ --json', says: 'rows and heartbeats together, for programs' },
  ],
  flags: {
    watch: {
      type: 'string',
      value: '[S]',
      bare: '30s',
      help: 'look again each S seconds, 30 without a number; a line each where stdout is no terminal',
    },
    failed: { type: 'boolean', help: 'list what has failed' },
    stuck: {
      type: 'string',
      value: '[T]',
      bare: '1h',
      help: 'list what is in progress and was not updated for so long, 1h without a time; also what counts as stuck',
    },
    json: { type: 'boolean', help: 'one JSON object a look' },
    html: { type: 'string', value: 'FILE', help: 'write a page that needs nothing else' },
    table: {
      type: 'choice',
      choices: ['create'],
      help: 'make the table with its index, and look at nothing (DynamoDB)',
    },
    ...AWS_FLAGS,
  },
  holds: 'all rows, some 3 kB each',
  onFailure: 'a place that cannot be read to its end ends the run with exit code 3',
  goOn: 'nothing was written to a store: run it again',
  closedOutput: () => 'quiet',
  check: optionsOf,
  settings: ({ aws }) => (aws === undefined ? {} : { aws }),
  stage: (options) => watchStage(options),
}

const HOUR_MS = 3_600_000

function optionsOf(args: Arguments): WatchOptions {
  const stuckMs = timeOf(args, 'stuck', 1, orDirectory)
  return {
    locations: args.words,
    everyMs: timeOf(args, 'watch', 1, orDirectory),
    stuckMs: stuckMs ?? HOUR_MS,
    lists: { failed: flag(args, 'failed'), stuck: stuckMs !== undefined },
    json: flag(args, 'json'),
    html: text(args, 'html'),
    createsTable: text(args, 'table') === 'create',
    ...awsSettings(args),
  }
}

/** A location that stands where the time may stand is taken for one. */
function orDirectory(given: string): string {
  return `, and a directory behind it is ./${given}`
}
