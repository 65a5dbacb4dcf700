/** docs/errors.md and the code name the same errors, under the same remedy and with the same meaning. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { ERROR_CODES, RekeyError } from '../../src/record/errors.ts'
import { runTool } from '../run-tool.ts'

const text = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8')

/** Each code with its remedy (the chapter it stands in) and its meaning, as the page has them. */
function documented(): Record<string, readonly [string, string]> {
  const entries = text.split(/^## /m).flatMap((chapter) => {
    const remedy = chapter.split('\n', 1)[0]?.toLowerCase() ?? ''
    const sections = chapter.matchAll(/^### (E_\w+)\n\nMeaning: (.+)\.\n\nWhat to do: .+\n\nExample: `.+`\n/gm)
    return [...sections].map(([, code, meaning]) => [code, [remedy, meaning]])
  })
  return Object.fromEntries(entries)
}

test('the same codes, remedies and meanings', () => expect(documented()).toEqual(ERROR_CODES))

test('only what may be tried again is retryable', () => {
  const codes = Object.keys(ERROR_CODES) as (keyof typeof ERROR_CODES)[]
  const retryable = codes.filter((code) => new RekeyError(code, 'm').retryable)
  expect(retryable).toEqual(codes.filter((code) => documented()[code]?.[0] === 'try again'))
})

test('the example at the beginning is what the tool prints', async () => {
  const [, example] = /verify --quiet\n {4}(.*)\n/.exec(text) ?? []
  const run = await runTool('verify', { args: ['--quiet'], stdin: '[1,2]\n' })
  expect(run.stdout).toBe(`${example}\n`)
})
