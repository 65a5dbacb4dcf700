/** rewrite-keys: gives each record its new key, and finds those that cannot have it. Writes to no store. */
import { RekeyError } from '../record/errors.ts'
import type { Tool } from '../stage/tool.ts'
import { flag, text, texts } from '../stage/tool.ts'
import type { RewriteOptions } from './rewrite-stage.ts'
import { rewriteStage } from './rewrite-stage.ts'
import { ruleNamed, rulesText } from './rules/rules.ts'
import { parseSubstitution } from './substitution.ts'
import { parseTemplate } from './template.ts'
import { readToStore } from './to-store.ts'
import type { Policy } from './verdict.ts'
import { POLICIES } from './verdict.ts'

export const rewriteKeys: Tool<RewriteOptions> = {
  name: 'rewrite-keys',
  summary: 'gives each record its new key',
  words: { name: 'FILE', help: 'records; without a file, stdin', required: false },
  reads: 'records',
  examples: [
    {
      command: "list-keys redis://localhost:6379/0 --match 'job:*' | rewrite-keys --sub 's/^job:/step:/' > plan.ndjson",
      says: 'a prefix; nothing is written to the store',
    },
    {
      command: "list-keys --values ./data/ | rewrite-keys --template 'indexes/{value.domain|slugdotify}.json'",
      says: 'a new key out of the content',
    },
    {
      command: "rewrite-keys --sub 's|^v1/(\\w+)/|v2/$1/|' --prove < listing.ndjson",
      says: 'no line is printed before the whole plan is free of collisions, or says where they are',
    },
    { command: 'rewrite-keys --map renames.csv --changed-only < listing.ndjson', says: 'old and new keys from a file' },
    {
      command: 'rewrite-keys --to-store redis://other:6379/0 < listing.ndjson',
      says: 'the same keys in another store',
    },
    {
      command: "list-keys dynamodb://uploads | rewrite-keys --field space --sub 's/^did:old:/did:new:/' > plan.ndjson",
      says: 'one attribute of the key of a DynamoDB table with a sort key',
    },
    { command: 'rewrite-keys --list-rules', says: 'what --rule and {field|rule} know, with examples' },
  ],
  flags: {
    map: {
      type: 'string',
      value: 'FILE',
      help: 'old keys and new ones: NDJSON {"key","to"}, or .csv with two columns; a key that is not in it stays',
    },
    template: {
      type: 'string',
      value: 'TEXT',
      help: "the new key, as in 'd/{value.domain|slugdotify}.json'; {key} is the key so far, {{ and }} are braces",
    },
    sub: {
      type: 'string',
      many: true,
      value: 's/OLD/NEW/FLAGS',
      help: 'a JavaScript regular expression; $1 and $<name> are its groups, flags are g i m s u v',
    },
    rule: { type: 'string', many: true, value: 'NAME', help: 'a rule on the key; --list-rules shows them' },
    field: {
      type: 'string',
      value: 'NAME',
      help: 'do all this to one attribute of the key, which is then what {key} and --map mean (DynamoDB)',
    },
    'to-store': { type: 'string', value: 'LOCATION', help: 'the store of the new key, when it is another one' },
    'changed-only': { type: 'boolean', help: 'print only records with a new key, and failed ones' },
    'on-collision': {
      type: 'choice',
      choices: POLICIES,
      default: 'fail',
      help: 'which of those that want one new key has it: none, the first, or the newest by mtime (needs --prove, sets it)',
    },
    prove: { type: 'boolean', help: 'print nothing before the whole input is read and every collision is found' },
    'list-rules': { type: 'boolean', help: 'the rules and their tables' },
  },
  holds:
    'at most 16 bytes a record that gets a new key, the keys themselves in a temporary file; all of --map; with --prove the plan too is in a temporary file',
  onFailure:
    'a record for which there is no new key, or not this one, comes out failed (E_FIELD, E_COLLISION); the run goes on, exit code 1',
  goOn: 'nothing was written to a store: run it again',
  closedOutput: () => 'quiet',
  tells: (args) => (flag(args, 'list-rules') ? rulesText() : undefined),
  check(args) {
    const template = text(args, 'template')
    const mapFile = text(args, 'map')
    const toStore = text(args, 'to-store')
    const subs = texts(args, 'sub')
    const rules = texts(args, 'rule')
    if (template === undefined && mapFile === undefined && toStore === undefined && subs.length + rules.length === 0) {
      throw new RekeyError('E_USAGE', 'what is to be done? Give --sub, --rule, --template, --map or --to-store')
    }
    const field = text(args, 'field')
    if (field !== undefined && template === undefined && mapFile === undefined && subs.length + rules.length === 0)
      throw new RekeyError(
        'E_USAGE',
        `--field ${field}: what is to be done to it? Give --sub, --rule, --template or --map`,
      )
    const policy = text(args, 'on-collision') as Policy
    return {
      rewriting: {
        field,
        template: template === undefined ? undefined : parseTemplate(template),
        subs: subs.map(parseSubstitution),
        rules: rules.map((name) => ruleNamed(name, '--rule')),
      },
      mapFile,
      toStore: toStore === undefined ? undefined : readToStore(toStore),
      changedOnly: flag(args, 'changed-only'),
      policy,
      prove: flag(args, 'prove') || policy === 'newest',
    }
  },
  tally: (record) => record.outcome ?? 'rewritten',
  prints: (options, { to, to64, outcome }) =>
    !options.changedOnly || to !== undefined || to64 !== undefined || outcome === 'failed' || outcome === 'unknown',
  stage: rewriteStage,
}
