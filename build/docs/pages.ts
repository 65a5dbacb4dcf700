/** The pages that are made from the tools' declarations, by path: the man pages, and README.md with its own text kept. */
import { readFileSync } from 'node:fs'
import { commonFlags } from '../../src/cli/common-flags.ts'
import type { AnyTool } from '../../src/cli/tools.ts'
import { TOOLS } from '../../src/cli/tools.ts'
import { overviewPage, toolPage } from './man-page.ts'
import { capabilityTable, environmentTable, exitTable, flagTable, toolSection, toolTable } from './markdown.ts'
import { fill } from './markers.ts'

/** Every generated file. Reads README.md in the working directory; writes nothing. */
export async function pages(): Promise<Record<string, string>> {
  const tools = await Promise.all(Object.values(TOOLS).map((load) => load()))
  const readme = fill(readFileSync('README.md', 'utf8'), readmeSections(tools))
  const manuals = tools.map((tool) => [`docs/man/${tool.name}.1`, toolPage(tool, tools)] as const)
  return { 'README.md': readme, ...Object.fromEntries(manuals), 'docs/man/rekey.1': overviewPage(tools) }
}

function readmeSections(tools: readonly AnyTool[]): Record<string, string> {
  const reading = tools.find((tool) => tool.reads === 'records')
  return {
    tools: toolTable(tools),
    stores: capabilityTable(),
    'exit codes': exitTable(),
    environment: environmentTable(),
    ...Object.fromEntries(tools.map((tool) => [tool.name, toolSection(tool)])),
    'common flags': reading === undefined ? '' : flagTable(commonFlags(reading)),
  }
}
