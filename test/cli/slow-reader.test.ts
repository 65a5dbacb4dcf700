/** What tools hold, of two million records that pass: while the reader takes none of them, and as fast as they can. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { BIN } from '../run-tool.ts'
import { childrenOf, peakMemoryMb, standstill } from './processes.ts'
import { scratchDirectory } from './scratch-directory.ts'

const RECORDS = 2_000_000
const LIMIT_MB = 128
const BEFORE_KEY = '{"store":"file:./data/","key":"job:'
const BEHIND_KEY = '","size":77,"mtime":"2026-01-02T03:04:05.678Z","mode":"0644","type":"file"'
const SOURCE = `seq ${RECORDS} | sed 's|.*|${BEFORE_KEY}&${BEHIND_KEY}}|'`
const env = { ...process.env, PATH: `${BIN}:${process.env.PATH}` }

test('each of them stays under 128 MB, and not one record is lost', { timeout: 180_000 }, async () => {
  const tools = ['rewrite-keys --sub s/^step:/x:/', 'copy-apply', 'verify', 'delete-apply']
  const pipeline = spawn('bash', ['-c', [SOURCE, ...tools].join(' | ')], { env })
  const stderr: string[] = []
  pipeline.stderr.on('data', (chunk) => stderr.push(String(chunk)))
  const ended = once(pipeline, 'close')

  await once(pipeline.stdout, 'readable')
  const children = (await childrenOf(pipeline.pid ?? 0)).filter(({ command }) => command.includes(BIN))
  expect(children).toHaveLength(tools.length)
  await standstill(children.map(({ pid }) => pid))
  expect(await peaks(children)).toSatisfy(isBelowLimit)

  const reader = new Reader()
  let highest: Record<string, number> = {}
  pipeline.stdout.on('data', (chunk: Buffer) => reader.read(chunk))
  const watch = setInterval(async () => {
    const now = await peaks(children)
    for (const [tool, mb] of Object.entries(now)) highest = { ...highest, [tool]: Math.max(mb, highest[tool] ?? 0) }
  }, 100)
  expect(await ended).toEqual([0, null])
  clearInterval(watch)
  expect(Object.keys(highest)).toHaveLength(tools.length)
  expect(highest).toSatisfy(isBelowLimit)
  expect(reader).toMatchObject({ lines: RECORDS, wrong: 0, rest: '' })
  for (const [tool] of tools.map((command) => command.split(' '))) {
    expect(stderr.join('')).toMatch(new RegExp(`^${tool}: 2,000,000 records in `, 'm'))
  }
})

test('a tool that reads a pipe and writes a file holds no more than that', { timeout: 180_000 }, async () => {
  const settled = SOURCE.replace('"file"}', '"file","outcome":"skipped","reason":"exists"}')
  const tool = spawn('bash', ['-c', `${settled} | verify > ${await scratchDirectory()}/out.ndjson`], { env })
  const ended = once(tool, 'close')
  let highest = 0
  const watch = setInterval(async () => {
    const verify = (await childrenOf(tool.pid ?? 0)).find(({ command }) => command.includes(BIN))
    if (verify !== undefined) highest = Math.max(highest, await peakMemoryMb(verify.pid))
  }, 100)
  expect(await ended).toEqual([0, null])
  clearInterval(watch)
  expect(highest).toBeGreaterThan(0)
  expect(highest).toBeLessThan(LIMIT_MB)
})

/** Counts the lines that come, and those of which one is not the next record. */
class Reader {
  lines = 0
  wrong = 0
  rest = ''

  read(chunk: Buffer): void {
    const lines = (this.rest + chunk.toString('latin1')).split('\n')
    this.rest = lines.pop() as string
    for (const line of lines) if (!line.startsWith(`${BEFORE_KEY}${++this.lines}${BEHIND_KEY}`)) this.wrong++
  }
}

async function peaks(children: Awaited<ReturnType<typeof childrenOf>>): Promise<Record<string, number>> {
  const named = children.map(
    async ({ pid, command }) => [command.split(BIN)[1] ?? '', await peakMemoryMb(pid)] as const,
  )
  return Object.fromEntries(await Promise.all(named))
}

function isBelowLimit(megabytes: Record<string, number>): boolean {
  return Object.values(megabytes).every((mb) => mb < LIMIT_MB)
}
