/** The help of a tool, made from its declaration: examples first. */
import type { Flag } from '../stage/tool.ts'
import { commonFlags } from './common-flags.ts'
import type { AnyTool } from './tools.ts'

const WIDTH = 110
const HELP_COLUMN = 28

export function helpText(tool: AnyTool): string {
  return [
    `${tool.name}: ${tool.summary}`,
    '',
    `  ${usageLine(tool)}`,
    '',
    'Examples',
    ...tool.examples.flatMap(({ command, says }) => [`  ${command}`, `      ${says}`]),
    '',
    'Flags',
    ...flagTable(tool.flags),
    '',
    'Common flags',
    ...flagTable(commonFlags(tool)),
    '',
    wrapped(`Holds in memory: ${tool.holds}`, 4),
    wrapped(`On failure: ${tool.onFailure}`, 4),
    '',
  ].join('\n')
}

export function usageLine(tool: AnyTool): string {
  return `${tool.name} [FLAG...] ${wordSyntax(tool)}    ${tool.words.help}`
}

/** `LOCATION...`, `[FILE...]`, `LOCATION -- COMMAND...`: what stands behind the flags. */
export function wordSyntax({ words, command }: AnyTool): string {
  const several = words.isOne ? words.name : `${words.name}...`
  return (words.required ? several : `[${several}]`) + (command === undefined ? '' : ` -- ${command.name}`)
}

/** `-n, --dry-run`, `--rate N`: a flag as the help writes it. */
export function flagSyntax(name: string, flag: Flag): string {
  const alias = flag.alias === undefined ? '' : `-${flag.alias}, `
  return `${alias}--${name}${valueSyntax(flag)}`
}

/** What the flag does, with its default. */
export function flagHelp(flag: Flag): string {
  const fallback = 'default' in flag && flag.default !== undefined ? ` (default ${flag.default})` : ''
  const many = flag.type === 'string' && flag.many ? '; repeatable' : ''
  return `${flag.help}${many}${fallback}`
}

function valueSyntax(flag: Flag): string {
  if (flag.type === 'boolean') return ''
  if (flag.type === 'choice') return ` ${flag.choices.join('|')}`
  return ` ${flag.value ?? 'VALUE'}`
}

function flagTable(flags: Readonly<Record<string, Flag>>): string[] {
  return Object.entries(flags).map(([name, flag]) => {
    const syntax = `  ${flagSyntax(name, flag)}`
    const gap = syntax.length < HELP_COLUMN ? ' '.repeat(HELP_COLUMN - syntax.length) : `\n${' '.repeat(HELP_COLUMN)}`
    return wrapped(`${syntax}${gap}${flagHelp(flag)}`, HELP_COLUMN)
  })
}

/** Lines of at most WIDTH characters; those that are added begin at the column `indent`. */
function wrapped(text: string, indent: number): string {
  const lines: string[] = []
  for (const line of text.split('\n')) {
    let rest = line
    while (rest.length > WIDTH) {
      const space = rest.lastIndexOf(' ', WIDTH)
      if (rest.slice(0, space).trim() === '') break
      lines.push(rest.slice(0, space))
      rest = ' '.repeat(indent) + rest.slice(space + 1)
    }
    lines.push(rest)
  }
  return lines.join('\n')
}
