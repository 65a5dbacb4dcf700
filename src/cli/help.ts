/** The help of a tool, made from its declaration: examples first. */
import type { Flag } from '../stage/tool.ts'
import { commonFlags } from './common-flags.ts'
import type { AnyTool } from './tools.ts'

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
    `Holds in memory: ${tool.holds}`,
    `On failure: ${tool.onFailure}`,
    '',
  ].join('\n')
}

export function usageLine(tool: AnyTool): string {
  const words = tool.words.required ? `${tool.words.name}...` : `[${tool.words.name}...]`
  return `${tool.name} [FLAG...] ${words}    ${tool.words.help}`
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
    const syntax = flagSyntax(name, flag)
    return syntax.length < 26
      ? `  ${syntax.padEnd(26)}${flagHelp(flag)}`
      : `  ${syntax}\n${' '.repeat(28)}${flagHelp(flag)}`
  })
}
