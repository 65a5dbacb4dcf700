/** The flags that every tool has, and those of every tool that reads records. */
import type { Flag } from '../stage/tool.ts'
import type { AnyTool } from './tools.ts'

const ALWAYS: Readonly<Record<string, Flag>> = {
  help: { type: 'boolean', alias: 'h', help: 'this text' },
  version: { type: 'boolean', help: 'the version' },
  quiet: { type: 'boolean', alias: 'q', help: 'say nothing but errors' },
  progress: { type: 'boolean', help: 'draw a progress line also where stderr is no terminal; --no-progress: never' },
  log: {
    type: 'choice',
    choices: ['text', 'json'],
    default: 'text',
    help: 'messages on stderr as text or as JSON lines',
  },
  'fail-fast': { type: 'boolean', help: 'stop at the first failure, with exit code 3' },
  'max-errors': { type: 'number', min: 1, value: 'N', help: 'stop at the Nth failure, with exit code 3' },
}

const READING: Readonly<Record<string, Flag>> = {
  'max-line': {
    type: 'number',
    min: 1,
    default: 16 * 1024 * 1024,
    value: 'BYTES',
    help: 'the longest line that is read',
  },
}

/** A tool's own flags first, then the common ones. */
export function allFlags(tool: AnyTool): Readonly<Record<string, Flag>> {
  return { ...tool.flags, ...commonFlags(tool) }
}

export function commonFlags(tool: AnyTool): Readonly<Record<string, Flag>> {
  return tool.reads === 'records' ? { ...READING, ...ALWAYS } : ALWAYS
}
