/**
 * From the command line to a run: help, version, completions, and checks that touch nothing. The exit code is set, never
 * forced, so that a pipe gets all that was written.
 */
import process, { argv, stdin, stdout } from 'node:process'
import { toRekeyError } from '../record/errors.ts'
import { flag } from '../stage/tool.ts'
import { completionScript } from './completion.ts'
import { EXIT } from './exit-codes.ts'
import { helpText } from './help.ts'
import { checkFiles, inputFiles } from './input.ts'
import { Messages } from './messages.ts'
import { nearest } from './nearest.ts'
import { optimiseLater } from './optimiser.ts'
import { ToolRun } from './tool-run.ts'
import type { AnyTool } from './tools.ts'
import { TOOLS } from './tools.ts'
import { VERSION } from './version.ts'

/** Runs the tool of this name on the process's own arguments. */
export async function run(name: string, words: readonly string[] = argv.slice(2)): Promise<void> {
  optimiseLater()
  const tool = await loadTool(name)
  if (tool === undefined) return
  const before = words.includes('--') ? words.slice(0, words.indexOf('--')) : words
  if (before.includes('--help') || before.includes('-h')) return print(helpText(tool))
  if (before.includes('--version')) return print(`${tool.name} ${VERSION}\n`)
  process.exitCode =
    before[0] === '--get-yargs-completions' ? await complete(tool, words.slice(1)) : await start(tool, words)
}

/** Runs the tool that the first argument names: `rekey TOOL ...`. */
export async function runNamed(): Promise<void> {
  const [name, ...words] = argv.slice(2)
  if (name === '--version') return print(`rekey ${VERSION}\n`)
  if (name === 'completion') return printCompletion(words)
  if (name === '--help' || name === '-h') return print(await overviewText())
  if (name !== undefined) return await run(name, words)
  process.exitCode = EXIT.usage
  process.stderr.write(await overviewText())
}

function printCompletion(words: readonly string[]): void {
  const [shell = 'bash'] = words
  if (shell === 'bash' || shell === 'zsh') print(completionScript(shell))
  else {
    process.exitCode = EXIT.usage
    process.stderr.write(`rekey: there is no completion for "${shell}"; there is one for bash and one for zsh\n`)
  }
}

async function overviewText(): Promise<string> {
  const tools = await Promise.all(Object.values(TOOLS).map((load) => load()))
  const rows = tools.map((tool) => `  ${tool.name.padEnd(16)}${tool.summary}`)
  return [
    'rekey TOOL [FLAG...]: runs a tool; each is also a command of its own',
    '',
    ...rows,
    '',
    "rekey TOOL --help tells more; rekey completion bash|zsh prints the shell's completions",
    '',
  ].join('\n')
}

async function loadTool(name: string): Promise<AnyTool | undefined> {
  const load = Object.hasOwn(TOOLS, name) ? TOOLS[name] : undefined
  if (load !== undefined) return await load()
  const names = Object.keys(TOOLS)
  const near = nearest(name, names)
  process.exitCode = EXIT.usage
  process.stderr.write(
    `rekey: there is no tool "${name}"; ${near === undefined ? `the tools are ${names.join(', ')}` : `did you mean ${near}?`}\n`,
  )
  return undefined
}

async function complete(tool: AnyTool, words: readonly string[]): Promise<number> {
  const { completions } = await import('./parse.ts')
  print(`${(await completions(tool, words)).join('\n')}\n`)
  return EXIT.ok
}

/** Command line to exit code. */
async function start(tool: AnyTool, words: readonly string[]): Promise<number> {
  try {
    const { parseArguments } = await import('./parse.ts')
    const args = await parseArguments(tool, words)
    if (flag(args, 'help')) {
      print(helpText(tool))
      return EXIT.ok
    }
    const told = tool.tells?.(args)
    if (told !== undefined) {
      print(told)
      return EXIT.ok
    }
    const files = inputFiles(tool, args)
    if (tool.reads === 'records' && files.length === 0 && stdin.isTTY) {
      process.stderr.write(helpText(tool))
      return EXIT.usage
    }
    const options = tool.check(args)
    await checkFiles(files)
    return await new ToolRun(tool, args, options).toEnd()
  } catch (thrown) {
    const error = toRekeyError(thrown)
    const hint = error.code === 'E_USAGE' ? '; --help shows the flags, with examples' : ''
    earlyMessages(tool, words).error(`${error.code}: ${error.message}${hint}`, { code: error.code })
    return EXIT.usage
  }
}

/** For what goes wrong before the command line is understood. */
function earlyMessages(tool: AnyTool, words: readonly string[]): Messages {
  const json = words.some((word, at) => word === '--log=json' || (word === '--log' && words[at + 1] === 'json'))
  return new Messages({ tool: tool.name, quiet: false, json, progress: false, now: Date.now })
}

function print(message: string): void {
  stdout.on('error', () => {})
  stdout.write(message)
}
