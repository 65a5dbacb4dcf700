/** Lines as the pipelines' programs read them, from pieces that are cut anywhere. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
// @ts-expect-error: the pipelines' programs are plain JavaScript
import { lines } from '../../pipelines/lines.js'
import { ROOT, runCommand } from '../run-tool.ts'

test('a line ends at a line feed and nowhere else', async () => {
  const text = fc.array(fc.constantFrom('a', 'é', '😀', '\n', '\u2028', '\u2029', '\u0085', '\v'), { maxLength: 30 })
  const property = fc.asyncProperty(text, fc.array(fc.nat({ max: 9 })), async (letters, sizes) => {
    const whole = letters.join('')
    let rest = Buffer.from(whole)
    const chunks = sizes.map((size) => {
      const chunk = rest.subarray(0, size)
      rest = rest.subarray(size)
      return chunk
    })
    const read: string[] = []
    for await (const line of lines([...chunks, rest])) read.push(line)
    const expected = whole.split('\n')
    if (expected.at(-1) === '') expected.pop()
    expect(read).toEqual(expected)
  })
  await fc.assert(property)
})

test('a record with such a character goes through whole, and a reader that is gone ends the program', async () => {
  const record = `{"key":"a\u2028b","outcome":"done"}\n`
  const program = `${ROOT}/pipelines/uploads/outcomes.js`
  expect(await runCommand('node', { args: [program], stdin: `npm WARN\n${record}` })).toMatchObject({ stdout: record })
  const script = 'set -o pipefail; yes "$1" | node "$2" | head -n 1 | wc -l'
  const run = await runCommand('bash', { args: ['-c', script, 'bash', record.trim(), program] })
  expect(run).toMatchObject({ code: 3, stdout: '1\n', stderr: '' })
})
