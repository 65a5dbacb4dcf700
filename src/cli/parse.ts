/** The command line by yargs, from the flags that a tool declares. Every complaint names the flag as it is typed. */
import yargs from 'yargs'
import { RekeyError } from '../record/errors.ts'
import type { Arguments, Flag, FlagValue } from '../stage/tool.ts'
import { allFlags } from './common-flags.ts'
import { nearest } from './nearest.ts'
import type { AnyTool } from './tools.ts'

const PARSING = {
  'camel-case-expansion': false,
  'dot-notation': false,
  'parse-numbers': false,
  'parse-positional-numbers': false,
  'strip-aliased': true,
  'populate--': false,
}

type Flags = Readonly<Record<string, Flag>>

/** Arguments of a tool, each flag by its long name. Throws E_USAGE that names the flag. */
export async function parseArguments(tool: AnyTool, all: readonly string[]): Promise<Arguments> {
  const flags = allFlags(tool)
  const { argv, command } = commandApart(tool, all)
  refuseValues(argv, flags)
  const { _: positional, $0: _script, ...given } = await declare(tool, flags).parseAsync(withBareValues(argv, flags))
  for (const key of Object.keys(given)) if (!Object.hasOwn(flags, key)) throw unknownFlag(key, argv, flags)
  const values: Record<string, FlagValue> = {}
  for (const [name, declared] of Object.entries(flags)) values[name] = flagValue(name, declared, given[name])
  const words = positional.map(String)
  if (tool.words.required && words.length === 0 && values.help !== true) {
    throw usage(`${tool.words.name} is missing: ${tool.words.help}`)
  }
  if (tool.command !== undefined && command.length === 0 && values.help !== true) {
    throw usage(`the command is missing: -- ${tool.command.name} ${tool.command.help}`)
  }
  return { flags: values, words, command }
}

/** What stands before `--`, and the command behind it; all of it is the tool's own where the tool runs none. */
function commandApart(tool: AnyTool, all: readonly string[]) {
  const end = tool.command === undefined ? -1 : all.indexOf('--')
  return end === -1 ? { argv: all, command: [] } : { argv: all.slice(0, end), command: all.slice(end + 1) }
}

/** What can stand behind the words typed so far, for the shell. */
export async function completions(tool: AnyTool, words: readonly string[]): Promise<readonly string[]> {
  const flags = allFlags(tool)
  const parser = declare(tool, flags)
  for (const [name, declared] of Object.entries(flags)) {
    if (declared.type === 'choice') parser.choices(name, declared.choices)
  }
  const found = await parser.completion('completion', false).getCompletion([...words])
  // yargs offers `-h` as `--h` too, and under zsh it writes `--flag:what it does`, which bash's completion cannot read.
  return [...found].map((word) => word.replace(/^(--?[\w-]+):.*$/s, '$1')).filter((word) => !/^--.$/.test(word))
}

function declare(tool: AnyTool, flags: Flags) {
  const parser = yargs()
    .scriptName(tool.name)
    .parserConfiguration(PARSING)
    .locale('en')
    .help(false)
    .version(false)
    .exitProcess(false)
    .fail((message: string | null, error: Error | undefined) => {
      throw usage(missingValue(message) ?? message ?? error?.message ?? 'the command line cannot be read')
    })
  for (const [name, declared] of Object.entries(flags)) {
    parser.option(name, {
      type: declared.type === 'boolean' ? 'boolean' : 'string',
      description: declared.help,
      ...(declared.alias === undefined ? {} : { alias: declared.alias }),
      ...(declared.type === 'boolean' ? {} : { requiresArg: true }),
    })
  }
  return parser
}

/** `--watch LOCATION` is `--watch=30s LOCATION`. */
function withBareValues(argv: readonly string[], flags: Flags): string[] {
  const end = argv.indexOf('--')
  return argv.map((word, at) => {
    const declared = word.startsWith('--') && (end === -1 || at < end) ? flags[word.slice(2)] : undefined
    if (declared?.type !== 'string' || declared.bare === undefined) return word
    return isValue(argv[at + 1]) ? word : `${word}=${declared.bare}`
  })
}

/** A word that is neither a flag nor a location: no value either, it may be, which is then said of this flag. */
function isValue(word: string | undefined): boolean {
  return word !== undefined && !word.startsWith('-') && !/[/:]|^\.{0,2}$/.test(word)
}

/** `--dry-run=yes` would be read as no dry run. */
function refuseValues(argv: readonly string[], flags: Flags): void {
  const end = argv.indexOf('--')
  for (const word of end === -1 ? argv : argv.slice(0, end)) {
    const [, name = '', value] = /^--(?:no-)?([^=]+)=(.*)$/s.exec(word) ?? []
    const declared = Object.hasOwn(flags, name) ? flags[name] : undefined
    if (declared?.type === 'boolean' && value !== 'true' && value !== 'false') {
      throw usage(`--${name} takes no value; "${value}" was given`)
    }
  }
}

function unknownFlag(key: string, argv: readonly string[], flags: Flags): RekeyError {
  const names = Object.keys(flags)
  if (key.length === 1) return usage(`there is no flag -${key}`)
  const negated = argv.some((word) => word === `--no-${key}`)
  const near = nearest(key.toLowerCase(), names)
  const hint = near === undefined ? '' : `; did you mean --${near}?`
  return usage(`there is no flag --${negated ? 'no-' : ''}${key}${hint}`)
}

/** yargs names the flag without its dashes. */
function missingValue(message: string | null): string | undefined {
  const name = /^Not enough arguments following: (\S+)$/.exec(message ?? '')?.[1]
  if (name === undefined) return undefined
  const flag = name.length === 1 ? `-${name}` : `--${name}`
  return `${flag} needs a value; one that begins with a dash goes behind an equals sign: ${flag}=-x`
}

function flagValue(name: string, declared: Flag, given: unknown): FlagValue {
  if (declared.type === 'string' && declared.many) {
    const values: readonly unknown[] = given === undefined ? [] : Array.isArray(given) ? given : [given]
    return values.map((value) => namedValue(name, declared, textValue(name, value)))
  }
  if (Array.isArray(given)) throw usage(`--${name} is given twice: it takes one value`)
  if (declared.type === 'boolean') return given as boolean | undefined
  if (given === undefined) return 'default' in declared ? declared.default : undefined
  const value = textValue(name, given)
  if (declared.type === 'choice') return choiceValue(name, declared, value)
  return declared.type === 'number' ? numberValue(name, declared, value) : namedValue(name, declared, value)
}

/** What is named has a name; where it has none, a variable of the shell was mostly empty, and another one would be taken. */
function namedValue(name: string, declared: Flag & { type: 'string' }, given: string): string {
  if (given !== '' || !/FILE|LOCATION|URL|NAME|TYPE/.test(declared.value ?? '')) return given
  throw usage(`--${name} takes a ${declared.value}, and what was given is empty; is the variable behind it set?`)
}

function textValue(name: string, given: unknown): string {
  if (given === false) throw usage(`there is no flag --no-${name}: --${name} takes a value`)
  return String(given)
}

function choiceValue(name: string, declared: Flag & { type: 'choice' }, given: string): string {
  if (declared.choices.includes(given)) return given
  throw usage(`--${name} takes one of ${declared.choices.join(', ')}; "${given}" is not one`)
}

function numberValue(name: string, declared: Flag & { type: 'number' }, given: string): number {
  const value = Number(given)
  const { min, max = Number.MAX_SAFE_INTEGER } = declared
  if (/^\d+$/.test(given) && value >= min && value <= max) return value
  const bounds = max === Number.MAX_SAFE_INTEGER ? `${min} or more` : `${min} to ${max}`
  throw usage(`--${name} takes a whole number, ${bounds}; "${given}" is not one`)
}

function usage(message: string): RekeyError {
  return new RekeyError('E_USAGE', message)
}
