/** Lines are bounded: one that is too long fails, is counted, and costs no memory. */
import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { recordsOf, runTool, startTool, toEnd } from '../run-tool.ts'

const lineOf = (bytes: number) => `{"outcome":"skipped","reason":"exists","key":"${'k'.repeat(bytes - 48)}"}\n`
const MIB = 1024 * 1024

test('a line of 16 MiB is read', async () => {
  const stdin = lineOf(16 * MIB)
  expect(stdin).toHaveLength(16 * MIB + 1)
  const run = await runTool('verify', { stdin })
  expect(run.code).toBe(0)
  expect(run.stdout === stdin).toBe(true)
})

test('a longer one fails, with its line number, and the run goes on', async () => {
  const run = await runTool('verify', { stdin: lineOf(100) + lineOf(16 * MIB + 1) + lineOf(100) })
  const [before, long, after] = recordsOf(run)
  expect([run.code, before.outcome, after.outcome]).toEqual([1, 'skipped', 'skipped'])
  expect(long.error).toMatchObject({ code: 'E_INPUT', line: 2 })
  expect(long.error.message).toBe(`line of ${16 * MIB + 1} bytes, the limit is ${16 * MIB} (--max-line)`)
  expect(long.input).toHaveLength(1024)
})

test('--max-line sets the limit', async () => {
  const run = await runTool('verify', { args: ['--max-line', '100'], stdin: lineOf(100) + lineOf(101) })
  expect(recordsOf(run).map(({ outcome }) => outcome)).toEqual(['skipped', 'failed'])
  expect(run.stderr).toMatch(/^verify: 2 records in [\d.]+ s: 1 failed before, 1 skipped before\n$/)
})

test('half a gigabyte without a newline is counted, not held', async () => {
  const child = startTool('verify')
  const ended = toEnd(child)
  const piece = Buffer.alloc(MIB, 'x')
  for (let sent = 0; sent < 512; sent++) {
    if (child.stdin?.write(piece) === false) await new Promise((resolve) => child.stdin?.once('drain', resolve))
  }
  const peak = Number(/VmHWM:\s+(\d+) kB/.exec(await readFile(`/proc/${child.pid}/status`, 'utf8'))?.[1])
  child.stdin?.end()
  const run = await ended
  expect(run).toMatchObject({ code: 1, stdout: expect.stringContaining(`line of ${512 * MIB} bytes`) })
  expect(peak).toBeLessThan(128 * 1024)
})
