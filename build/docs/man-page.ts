/** The man page of a tool, and that of rekey. Pure. */
import { commonFlags } from '../../src/cli/common-flags.ts'
import { flagHelp, flagSyntax, wordsSyntax } from '../../src/cli/help.ts'
import type { AnyTool } from '../../src/cli/tools.ts'
import { VERSION } from '../../src/cli/version.ts'
import type { Flag } from '../../src/stage/tool.ts'
import { ENVIRONMENT } from './environment.ts'
import { EXIT_CODES } from './exit-codes.ts'
import { escaped, example, heading, item, paragraph, prose, references } from './roff.ts'

const RECORDS =
  'Records are NDJSON: one JSON object a line, about one key. They go to stdout, everything else to stderr. What is settled passes through unchanged.'

export function toolPage(tool: AnyTool, tools: readonly AnyTool[]): string {
  const words = wordsSyntax(tool)
  return page(tool.name, tool.summary, [
    heading('SYNOPSIS'),
    `\\fB${escaped(tool.name)}\\fR [\\fIFLAG\\fR...] ${escaped(words)}`,
    heading('DESCRIPTION'),
    item(tool.words.name, escaped(tool.words.help)),
    paragraph(escaped(RECORDS)),
    item('Holds in memory', escaped(tool.holds)),
    item('On failure', escaped(tool.onFailure)),
    item('To go on after a stop', escaped(tool.goOn)),
    heading('EXAMPLES'),
    ...tool.examples.map(({ command, says }) => example(command, says)),
    heading('OPTIONS'),
    ...options(tool.flags),
    ...options(commonFlags(tool)),
    ...ending(['rekey', ...tools.map(({ name }) => name).filter((name) => name !== tool.name)]),
  ])
}

export function overviewPage(tools: readonly AnyTool[]): string {
  return page('rekey', 'lists, rewrites, copies and verifies keys of stores', [
    heading('SYNOPSIS'),
    '\\fBrekey\\fR \\fITOOL\\fR [\\fIFLAG\\fR...] [\\fIWORD\\fR...]\n.br\n\\fBrekey completion\\fR bash|zsh',
    heading('DESCRIPTION'),
    `Runs a tool; each is also a command of its own. ${escaped(RECORDS)}`,
    ...tools.map(({ name, summary }) => item(name, escaped(summary))),
    item('completion', prose('prints what completes tools and flags: `source <(rekey completion bash)`')),
    heading('EXAMPLES'),
    example("list-keys ./data/ | rewrite-keys --sub 's/_/-/g' > plan.ndjson", 'the plan; nothing is touched'),
    example('copy-apply < plan.ndjson > run.ndjson', 'the copy; run.ndjson is the journal'),
    example('verify < run.ndjson > proven.ndjson', 'the proof'),
    example('delete-apply < proven.ndjson > deleted.ndjson', 'the old keys go, each only because its copy is proven'),
    heading('OPTIONS'),
    item('-h, --help', 'the tools'),
    item('--version', 'the version'),
    ...ending(tools.map(({ name }) => name)),
  ])
}

function page(name: string, summary: string, parts: readonly string[]): string {
  const title = `.TH ${name.toUpperCase()} 1 "" "rekey ${VERSION}" "rekey"`
  const comment = '.\\" Made from the tools\' declarations by npm run docs.'
  return `${[comment, title, heading('NAME'), `${escaped(name)} \\- ${escaped(summary)}`, ...parts].join('\n')}\n`
}

function options(flags: Readonly<Record<string, Flag>>): string[] {
  return Object.entries(flags).map(([name, flag]) => item(flagSyntax(name, flag), escaped(flagHelp(flag))))
}

function ending(others: readonly string[]): string[] {
  return [
    heading('"EXIT STATUS"'),
    ...EXIT_CODES.map(({ code, says }) => item(code, escaped(says))),
    heading('ENVIRONMENT'),
    ...ENVIRONMENT.map(({ name, says }) => item(name, prose(says))),
    heading('"SEE ALSO"'),
    references(others),
  ]
}
