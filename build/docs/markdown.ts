/** The generated parts of README.md. Pure. */
import { flagHelp, flagSyntax, wordsSyntax } from '../../src/cli/help.ts'
import type { AnyTool } from '../../src/cli/tools.ts'
import type { Flag } from '../../src/stage/tool.ts'
import type { Guard } from '../../src/store/contract.ts'
import { CAPABILITIES } from './capabilities.ts'
import { ENVIRONMENT } from './environment.ts'
import { EXIT_CODES } from './exit-codes.ts'

const GUARDS: readonly Guard[] = ['absent', 'match', 'merge', 'any']

export function toolTable(tools: readonly AnyTool[]): string {
  return table(
    ['tool', 'what it does'],
    tools.map(({ name, summary }) => [`[${name}](#${name})`, cell(summary)]),
  )
}

export function toolSection(tool: AnyTool): string {
  const words = wordsSyntax(tool)
  return [
    `\`${tool.name} [FLAG...] ${words}\` ${tool.summary}. ${tool.words.name}: ${tool.words.help}.`,
    ['```sh', tool.examples.map(({ command, says }) => `# ${says}\n${command}`).join('\n\n'), '```'].join('\n'),
    flagTable(tool.flags),
    `Holds in memory: ${tool.holds}.`,
    `On failure: ${tool.onFailure}.`,
    `To go on after a stop: ${tool.goOn}.`,
  ].join('\n\n')
}

export function flagTable(flags: Readonly<Record<string, Flag>>): string {
  return table(
    ['flag', 'what it does'],
    Object.entries(flags).map(([name, flag]) => [code(flagSyntax(name, flag)), cell(flagHelp(flag))]),
  )
}

export function exitTable(): string {
  return table(
    ['exit code', 'what it says'],
    EXIT_CODES.map(({ code, says }) => [code, cell(says)]),
  )
}

export function environmentTable(): string {
  return table(
    ['variable', 'what it is for'],
    ENVIRONMENT.map(({ name, says }) => [code(name), cell(says)]),
  )
}

export function capabilityTable(): string {
  return table(
    [
      'store',
      'list',
      'in order',
      'copy inside',
      'read, write',
      ...GUARDS.map((guard) => `\`${guard}\``),
      'digest',
      'delete',
    ],
    CAPABILITIES.map((can) => [
      can.store,
      yes(can.list),
      yes(can.ordered),
      yes(can.copy),
      yes(can.readWrite),
      ...GUARDS.map((guard) => yes(can.guards.includes(guard))),
      yes(can.digest),
      yes(can.remove),
    ]),
  )
}

function yes(can: boolean): string {
  return can ? 'yes' : 'no'
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n')
}

function code(text: string): string {
  return `\`${text.replaceAll('|', '\\|')}\``
}

/** Text as Markdown shows it to the letter: what could be read as HTML, emphasis or the end of a cell is escaped. */
function cell(text: string): string {
  return text.replaceAll(/[|<*]/g, '\\$&')
}
