/** Characters that arrive in pieces: whatever the pipe cuts, the lines come out as they went in. */
import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { runTool } from '../run-tool.ts'

const TEXT = ['é', '漢字', '😀', '𝄞\u0301', 'a\u0000'].map(
  (key) => `${JSON.stringify({ key, outcome: 'skipped', reason: 'exists' })}\n`,
)

test.each([1, 2, 3, 5])('in pieces of %i bytes', async (size) => {
  const bytes = Buffer.from(TEXT.join(''))
  async function* pieces() {
    for (let at = 0; at < bytes.length; at += size) {
      yield bytes.subarray(at, at + size)
      await setImmediate()
    }
  }
  const run = await runTool('verify', { stdin: pieces() })
  expect(run).toMatchObject({ code: 0, stdout: TEXT.join('') })
})

test('bytes that are no text come out as input64, with exit code 1', async () => {
  const run = await runTool('verify', { stdin: Buffer.concat([Buffer.from([0xff, 0x0a]), Buffer.from(TEXT.join(''))]) })
  const [first, ...rest] = run.stdout.split(/(?<=\n)/)
  expect(JSON.parse(first ?? '')).toEqual({
    outcome: 'failed',
    error: { code: 'E_INPUT', line: 1, message: 'not valid UTF-8', retryable: false },
    input64: '/w==',
  })
  expect({ code: run.code, rest }).toEqual({ code: 1, rest: TEXT })
})
