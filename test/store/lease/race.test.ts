/** Many processes, one lease: there is one winner, whether it is created or taken from somebody who gave it back. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { execPath } from 'node:process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { expect, onTestFinished, test } from 'vitest'
import { directoryWith } from '../../directory.ts'
import { ROOT } from '../../run-tool.ts'
import { PLACES } from './spaces.ts'

const RACERS = 20
const ROUNDS = 200
/** Races that are started together. */
const AT_ONCE = 10

/** Twenty processes that load the SDK of AWS take their time on a machine that has other work. */
const LONGEST_MS = 240_000

test.each(Object.keys(PLACES))(
  '%s: 20 processes race 200 times, each time one wins',
  { timeout: LONGEST_MS },
  async (kind) => {
    const { location, env, prefix } = await (PLACES[kind] as (typeof PLACES)[string])()
    const program = await bundleRacer()
    const racers = Array.from({ length: RACERS }, (_, at) => startRacer(program, [location, `racer-${at}`], env))
    onTestFinished(async () => {
      await Promise.all(racers.map(({ end }) => end()))
    })
    for (const { line } of racers) expect(await line()).toBe('ready')
    for (let round = 0; round < ROUNDS; round += 2 * AT_ONCE) {
      const names = Array.from({ length: AT_ONCE }, (_, at) => `${prefix}race-${round + at}`)
      expect(await winners(racers, names), `to create ${names}`).toEqual(names)
      expect((await winners(racers, ['release'])).length).toBe(RACERS)
      expect(await winners(racers, names), `to take over ${names}`).toEqual(names)
    }
  },
)

/** What the racers print to one line that all of them are given at once, in order. */
async function winners(racers: readonly Racer[], words: readonly string[]): Promise<readonly string[]> {
  for (const { say } of racers) say(words.join(' '))
  const won = await Promise.all(racers.map(({ line }) => line() as Promise<string[]>))
  return won.flat().sort(byNumber)
}

function byNumber(one: string, other: string): number {
  return one.localeCompare(other, 'en', { numeric: true })
}

async function bundleRacer(): Promise<string> {
  const outdir = await directoryWith({})
  await build({
    entryPoints: [fileURLToPath(new URL('programs/race.ts', import.meta.url))],
    outdir,
    bundle: true,
    splitting: true,
    outExtension: { '.js': '.mjs' },
    platform: 'node',
    format: 'esm',
    target: 'node20',
    banner: {
      js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);",
    },
  })
  return `${outdir}/race.mjs`
}

interface Racer {
  say(line: string): void
  line(): Promise<unknown>
  end(): Promise<void>
}

function startRacer(program: string, args: readonly string[], env: Readonly<Record<string, string>>): Racer {
  const child = spawn(execPath, [program, ...args], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  return {
    say: (text: string) => void child.stdin.write(`${text}\n`),
    async line(): Promise<unknown> {
      const { value, done } = await lines.next()
      return done ? undefined : JSON.parse(value)
    },
    async end() {
      if (child.exitCode !== null) return
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    },
  }
}
