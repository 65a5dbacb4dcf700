/** docs/records.md: its examples are what the tools print, its tables are what the code knows. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { OUTCOMES, PROOFS, REASONS } from '../../src/record/record.ts'
import { scratchDirectory } from '../cli/scratch-directory.ts'
import { RECORD_SCHEMA, schemaProblem } from '../record-schema.ts'
import { runShell } from '../run-tool.ts'

const text = readFileSync(new URL('../../docs/records.md', import.meta.url), 'utf8')
const directory = await scratchDirectory()

/** The rows of the table below a heading: the words in backquotes of the first column, and the last column. */
function table(heading: string): (readonly [string[], string])[] {
  const chapter = text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? ''
  return [...chapter.matchAll(/^\| (`.+?|none) \|.*?([^|]+) \|$/gm)].map(([, first = '', last = '']) => [
    [...first.matchAll(/`([\w-]+)`/g)].map(([, word = '']) => word),
    last.trim(),
  ])
}

const words = (heading: string) => table(heading).flatMap(([first]) => first)

describe('the tables', () => {
  test('fields', () => expect(words('Fields')).toEqual(Object.keys(RECORD_SCHEMA.properties)))
  test('outcomes', () => expect(words('Outcomes').sort()).toEqual(OUTCOMES.toSorted()))
  test('proofs, the weakest first', () => expect(words('Proofs')).toEqual(PROOFS))
  test('reasons, with what they say', () => {
    const rows = table('Reasons').map(([[reason = ''], says]) => [reason, says])
    expect(Object.fromEntries(rows)).toEqual(REASONS)
  })
})

describe('the examples', () => {
  const examples = [...text.matchAll(/^ {4}\$ (.*)\n((?: {4}(?!\$ ).*\n)*)/gm)]

  test('there are some', () => expect(examples.length).toBeGreaterThan(6))

  test.each(examples.map(([, command = '', output = '']) => [command, output]))('%s', async (command, output) => {
    const run = await runShell(`umask 022; ${command}`, { cwd: directory })
    expect(masked(run.stdout.replaceAll(directory, '/srv/demo'))).toBe(masked(output.replaceAll(/^ {4}/gm, '')))
    for (const line of output.split('\n').filter((one) => one !== '')) expect(schemaProblem(line)).toBeUndefined()
  })
})

/** Without what differs from run to run. */
function masked(output: string): string {
  return output.replaceAll(/"ms":\d+/g, '"ms":0').replaceAll(/"at":"[^"]+"/g, '"at":""')
}
