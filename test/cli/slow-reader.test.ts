/** Two million records through four tools, and the reader at the end takes none of them for a while. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { BIN } from '../run-tool.ts'
import { childrenOf, peakMemoryMb, standstill } from './processes.ts'

const RECORDS = 2_000_000
const LIMIT_MB = 128

test('each of them stays under 128 MB, and not one record is lost', { timeout: 180_000 }, async () => {
  const record =
    '{"store":"file:./data/","key":"job:&","size":77,"mtime":"2026-01-02T03:04:05.678Z","mode":"0644","type":"file"}'
  const tools = ['rewrite-keys --sub s/^step:/x:/', 'copy-apply', 'verify', 'delete-apply']
  const script = [`seq ${RECORDS} | sed 's|.*|${record}|'`, ...tools].join(' | ')
  const pipeline = spawn('bash', ['-c', script], { env: { ...process.env, PATH: `${BIN}:${process.env.PATH}` } })
  const stderr: string[] = []
  pipeline.stderr.on('data', (chunk) => stderr.push(String(chunk)))
  const ended = once(pipeline, 'close')

  await once(pipeline.stdout, 'readable')
  const children = (await childrenOf(pipeline.pid ?? 0)).filter(({ command }) => command.includes(BIN))
  expect(children).toHaveLength(tools.length)
  await standstill(children.map(({ pid }) => pid))
  expect(await peaks(children)).toSatisfy(isBelowLimit)

  let lines = 0
  let highest: Record<string, number> = {}
  pipeline.stdout.on('data', (chunk: Buffer) => {
    for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, at + 1)) lines++
  })
  const watch = setInterval(async () => {
    const now = await peaks(children)
    for (const [tool, mb] of Object.entries(now)) highest = { ...highest, [tool]: Math.max(mb, highest[tool] ?? 0) }
  }, 100)
  expect(await ended).toEqual([0, null])
  clearInterval(watch)
  expect(Object.keys(highest)).toHaveLength(tools.length)
  expect(highest).toSatisfy(isBelowLimit)
  expect(lines).toBe(RECORDS)
  for (const [tool] of tools.map((command) => command.split(' '))) {
    expect(stderr.join('')).toMatch(new RegExp(`^${tool}: 2,000,000 records in `, 'm'))
  }
})

async function peaks(children: Awaited<ReturnType<typeof childrenOf>>): Promise<Record<string, number>> {
  const named = children.map(
    async ({ pid, command }) => [command.split(BIN)[1] ?? '', await peakMemoryMb(pid)] as const,
  )
  return Object.fromEntries(await Promise.all(named))
}

function isBelowLimit(megabytes: Record<string, number>): boolean {
  return Object.values(megabytes).every((mb) => mb < LIMIT_MB)
}
