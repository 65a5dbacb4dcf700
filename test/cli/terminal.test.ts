/** Tools on a terminal, which util-linux script plays: help instead of waiting for keys, and one progress line. */
import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { on } from 'node:events'
import { createWriteStream } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { ToolRun } from '../run-tool.ts'
import { BIN, runCommand, toEnd } from '../run-tool.ts'
import { scratchDirectory } from './scratch-directory.ts'

const directory = await scratchDirectory()
const CLEAR = '\r\x1b[K'
const THREE_REDRAWS_MS = 600
const RECORD = '{"key":"a","outcome":"skipped","reason":"exists"}'

describe('a tool whose stdin is a terminal', () => {
  test.each(['verify', 'copy-apply', 'rewrite-keys', 'delete-apply'])(
    '%s prints its help and ends with 2',
    async (tool) => {
      const { screen, code } = await onTerminal(`${tool} 2> ${directory}/said`)
      expect({ screen, code }).toEqual({ screen: '', code: 2 })
      const help = await onTerminal(`cat ${directory}/said`)
      expect(help.screen).toMatch(new RegExp(`^${tool}: .*\\bExamples\\b`, 's'))
    },
  )

  test('a file that is named is read all the same', async () => {
    await writeFile(`${directory}/a.ndjson`, `${RECORD}\n`)
    expect(await onTerminal(`verify -q ${directory}/a.ndjson`)).toMatchObject({ code: 0 })
  })
})

describe('progress', () => {
  test('of two tools of a pipeline only the last is drawn, and no line overwrites another', async () => {
    const { screen, code } = await fedOnTerminal(
      'verify < pipe | copy-apply > /dev/null',
      /copy-apply: 1 record .* 1 skipped/,
    )
    expect(code).toBe(0)
    const drawn = screen.split(CLEAR).filter((part) => !part.includes('\n') && part !== '')
    expect(drawn.length).toBeGreaterThan(0)
    for (const line of drawn) expect(line).toMatch(/^copy-apply: \d records? in [\d.]+ s(: \d skipped)?, [\d,]+\/s$/)
    expect(finalLines(screen)).toEqual([
      expect.stringMatching(/^verify: 2 records in [\d.]+ s: 2 skipped before$/),
      expect.stringMatching(/^copy-apply: 2 records in [\d.]+ s: 2 skipped$/),
    ])
  })

  test.each([
    ['is not drawn over records that go to the terminal too', 'verify < pipe'],
    ['is hidden by --no-progress', 'verify --no-progress < pipe > copy.ndjson; cat copy.ndjson'],
    ['is hidden by --quiet', 'verify --quiet < pipe > copy.ndjson; cat copy.ndjson'],
    ['is not drawn where stderr is no terminal', 'verify < pipe > copy.ndjson 2> said; cat copy.ndjson'],
  ])('%s', async (_name, command) => {
    const { screen, code } = await fedOnTerminal(command)
    expect(code).toBe(0)
    expect(finalLines(screen).filter((line) => line.startsWith('{'))).toEqual([RECORD, RECORD])
    expect(screen).not.toContain('/s')
  })
})

/**
 * Runs a command that reads a named pipe. It gets one record, and another once the screen shows what is awaited and a
 * progress line that ought not to be there has had the time to be drawn.
 */
async function fedOnTerminal(command: string, awaited?: RegExp): Promise<Screen> {
  await rm(`${directory}/pipe`, { force: true })
  await runCommand('mkfifo', { args: [`${directory}/pipe`] })
  const child = spawnOnTerminal(command)
  const ended = toEnd(child)
  const pipe = createWriteStream(`${directory}/pipe`)
  pipe.write(`${RECORD}\n`)
  if (awaited !== undefined) await shown(child, awaited)
  await sleep(THREE_REDRAWS_MS)
  pipe.end(`${RECORD}\n`)
  return screenOf(await ended)
}

async function shown(child: ChildProcess, awaited: RegExp): Promise<void> {
  let screen = ''
  for await (const [chunk] of on(child.stdout as Readable, 'data')) {
    screen += String(chunk)
    if (awaited.test(screen)) return
  }
}

interface Screen {
  readonly screen: string
  readonly code: number | null
}

/** Runs a shell command with stdin, stdout and stderr on one terminal, at which nobody types. */
async function onTerminal(command: string): Promise<Screen> {
  return screenOf(await toEnd(spawnOnTerminal(command)))
}

function spawnOnTerminal(command: string): ChildProcess {
  return spawn('script', ['-qec', command, '/dev/null'], {
    cwd: directory,
    env: { ...process.env, SHELL: '/bin/sh', PATH: `${BIN}:${process.env.PATH}` },
  })
}

/** The screen's bytes, with plain newlines. */
function screenOf({ stdout, code }: ToolRun): Screen {
  return { screen: stdout.replaceAll('\r\n', '\n'), code }
}

/** What stands on the screen in the end: each line as it was after its last clearing. */
function finalLines(screen: string): string[] {
  const lines = screen.split('\n').map((line) => line.split(CLEAR).at(-1) ?? '')
  return lines.filter((line) => line !== '')
}
