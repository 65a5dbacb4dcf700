/** The command line by yargs, from the flags that a tool declares. */
import yargs from 'yargs'
import { RekeyError } from '../record/errors.ts'
import type { Arguments, Flag, FlagValue } from '../stage/tool.ts'
import { allFlags } from './common-flags.ts'
import type { AnyTool } from './tools.ts'

const PARSING = {
  'camel-case-expansion': false,
  'dot-notation': false,
  'parse-numbers': false,
  'parse-positional-numbers': false,
  'strip-aliased': true,
  'populate--': false,
}

/** Arguments of a tool, each flag by its long name. Throws E_USAGE that names the flag. */
export async function parseArguments(tool: AnyTool, argv: readonly string[]): Promise<Arguments> {
  const flags = allFlags(tool)
  const parsed = await declare(tool, flags).parseAsync([...argv])
  const values: Record<string, FlagValue> = {}
  for (const [name, declared] of Object.entries(flags)) values[name] = flagValue(name, declared, parsed[name])
  const words = (parsed._ as readonly (string | number)[]).map(String)
  if (tool.words.required && words.length === 0) {
    throw new RekeyError('E_USAGE', `${tool.words.name} is missing: ${tool.words.help}`)
  }
  return { flags: values, words }
}

/** What can stand behind the words typed so far, for the shell. */
export async function completions(tool: AnyTool, words: readonly string[]): Promise<readonly string[]> {
  return await declare(tool, allFlags(tool))
    .completion('completion', false)
    .getCompletion([...words])
}

function declare(tool: AnyTool, flags: Readonly<Record<string, Flag>>) {
  const parser = yargs()
    .scriptName(tool.name)
    .parserConfiguration(PARSING)
    .locale('en')
    .help(false)
    .version(false)
    .exitProcess(false)
    .strictOptions()
    .fail((message: string | null, error: Error | undefined) => {
      throw new RekeyError('E_USAGE', message ?? error?.message ?? 'the command line cannot be read')
    })
  for (const [name, declared] of Object.entries(flags)) {
    parser.option(name, {
      type: declared.type === 'boolean' ? 'boolean' : 'string',
      description: declared.help,
      ...(declared.alias === undefined ? {} : { alias: declared.alias }),
      ...(declared.type === 'boolean' ? {} : { requiresArg: true }),
      ...(declared.type === 'choice' ? { choices: declared.choices } : {}),
    })
  }
  return parser
}

function flagValue(name: string, declared: Flag, given: unknown): FlagValue {
  if (declared.type === 'string' && declared.many) {
    return given === undefined ? [] : Array.isArray(given) ? given.map(String) : [String(given)]
  }
  if (Array.isArray(given)) throw new RekeyError('E_USAGE', `--${name} is given twice: it takes one value`)
  if (declared.type === 'boolean') return given as boolean | undefined
  if (given === undefined) return 'default' in declared ? declared.default : undefined
  return declared.type === 'number' ? numberValue(name, declared, String(given)) : String(given)
}

function numberValue(name: string, declared: Flag & { type: 'number' }, given: string): number {
  const value = Number(given)
  const { min, max = Number.MAX_SAFE_INTEGER } = declared
  if (/^\d+$/.test(given) && value >= min && value <= max) return value
  const bounds = max === Number.MAX_SAFE_INTEGER ? `${min} or more` : `${min} to ${max}`
  throw new RekeyError('E_USAGE', `--${name} takes a whole number, ${bounds}; "${given}" is not one`)
}
