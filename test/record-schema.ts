/** Holds what a tool prints against docs/record.schema.json: every line of it, no sample. */
import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'

export const RECORD_SCHEMA = JSON.parse(readFileSync(new URL('../docs/record.schema.json', import.meta.url), 'utf8'))

const isRecord = new Ajv2020({ strictRequired: false }).compile(RECORD_SCHEMA)

/** What the schema says against one line; undefined when nothing. */
export function schemaProblem(line: string): string | undefined {
  let record: unknown
  try {
    record = JSON.parse(line)
  } catch (error) {
    return (error as Error).message
  }
  if (isRecord(record)) return undefined
  const problems = isRecord.errors ?? []
  return problems.map(({ instancePath, message }) => `${instancePath} ${message}`.trim()).join('; ')
}

/** Throws at the first line that is no record. A last line without its newline is one more problem. */
export function expectRecords(stdout: string): void {
  if (stdout !== '' && !stdout.endsWith('\n'))
    throw new Error(`no newline at the end of ${excerpt(stdout.slice(-200))}`)
  stdout.split('\n').forEach((line, index) => {
    const problem = line === '' ? undefined : schemaProblem(line)
    if (problem !== undefined) throw new Error(`line ${index + 1} of stdout is no record: ${problem}: ${excerpt(line)}`)
  })
}

function excerpt(text: string): string {
  return text.length > 500 ? `${text.slice(0, 500)}...` : text
}
