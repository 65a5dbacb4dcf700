/** What preflight refuses and lets pass; and a bucket with versions, where undo takes the delete markers away. */
import { mkdir, readFile, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { directoryWith } from '../../directory.ts'
import { runCommand } from '../../run-tool.ts'
import { domainIndex, pipelineOn, RUN } from './index.ts'
import { bucket, digestsOf, directory } from './places.ts'

const { before, after } = domainIndex(3)

test.each(['status/pi-1.json', 'staging/status/pi-1.json'])('a heartbeat at %s lives for 300 s', async (heartbeat) => {
  const place = await directory({ ...before, [heartbeat]: '{}' })
  const { run } = pipelineOn(place, await directoryWith({}))
  const age = async (seconds: number) => {
    const then = new Date(Date.now() - seconds * 1000)
    await utimes(join(place.location, heartbeat), then, then)
  }
  await age(250)
  const refused = await run('preflight --no-backup')
  expect(refused.code).toBe(2)
  expect(refused.stderr).toMatch(new RegExp(`pi-1 is alive: ${heartbeat} was written 25\\d s ago`))
  expect((await run('backup')).stderr).toContain('pi-1 is alive')
  expect((await run('copy')).code).toBe(2)
  expect((await run('preflight --no-backup --ignore-writers')).code).toBe(0)
  await age(310)
  expect((await run('preflight --no-backup')).code).toBe(0)
})

test('what only looks like a heartbeat is none', async () => {
  const place = await directory({})
  await mkdir(join(place.location, 'status/old'), { recursive: true })
  await writeFile(join(place.location, 'status/old/pi-1.json'), '{}')
  await writeFile(join(place.location, 'exit-status.json'), '{}')
  expect((await pipelineOn(place, await directoryWith({})).run('preflight --no-backup')).code).toBe(0)
})

test('where there is no index, none is migrated', async () => {
  const { run } = pipelineOn(await directory(before), await directoryWith({}))
  for (const command of ['backup', 'plan', 'all']) {
    const refused = await run(`${command} --no-backup --campaign acme`)
    expect(refused.code).toBe(2)
    expect(refused.stderr).toContain('there is nothing below campaigns/acme/indexes/domains/')
  }
})

test('a proven backup is enough, and one that has been begun is not', async () => {
  const { run } = pipelineOn(await directory(before), await directoryWith({}))
  expect((await run('preflight')).code).toBe(2)
  expect((await run('backup', 3)).code).toBe(137)
  expect((await run('preflight')).stderr).toContain('neither a proven backup nor versioning')
  expect((await run('backup')).code).toBe(0)
  expect((await run('preflight')).code).toBe(0)
})

test('a bucket with versions needs no backup, and undo brings the originals back', async () => {
  const place = await bucket(before, { versioning: true })
  const { run } = pipelineOn(place, await directoryWith({}))
  for (const command of ['preflight', 'plan --heuristic', 'copy', 'delete']) {
    expect((await run(command)).stderr).not.toContain('domain-index:')
  }
  expect(await place.contents()).toEqual(digestsOf(after))
  const undone = await run('undo')
  expect(undone.code, undone.stdout + undone.stderr).toBe(0)
  expect(await place.contents()).toEqual(digestsOf(before))
})

test('a domain that slugdotify alters is moved only when it is said how', async () => {
  const key = 'indexes/domains/xn--mnchen-3ya-de.json'
  const work = await directoryWith({})
  const { run } = pipelineOn(await directory({ [key]: '{"domain":"xn--mnchen-3ya.de"}' }), work)
  const refused = await run('plan')
  expect(refused.code).toBe(1)
  expect(refused.stdout).toContain('slugdotify makes another name of the domain xn--mnchen-3ya.de')
  for (const [flag, name] of [
    ['--keep-punycode', 'xn--mnchen-3ya.de'],
    ['--slug-punycode', 'xn-mnchen-3ya.de'],
  ]) {
    expect((await run(`plan ${flag}`)).code).toBe(0)
    const plan = JSON.parse(await readFile(join(work, 'plan.ndjson'), 'utf8'))
    expect(plan).toMatchObject({ key, to: `indexes/domains/${name}.json`, domainSource: 'body' })
  }
})

test('a directory is known by its whole path: the backup of one is none of another that has its name elsewhere', async () => {
  const files = { 'data/indexes/domains/a-com.json': '{"domain":"a.com"}' }
  const [here, elsewhere] = [await directoryWith(files), await directoryWith(files)]
  const work = await directoryWith({})
  const run = (cwd: string, command: string, location: string) =>
    runCommand(RUN, { args: [command, '--location', location, '--work', work], cwd })
  expect((await run(here, 'backup', 'data')).code).toBe(0)
  expect((await run(here, 'plan', './data/')).code).toBe(0)
  const refused = await run(elsewhere, 'plan', 'data')
  expect(refused.code).toBe(2)
  expect(refused.stderr).toContain(`belongs to ${here}/data indexes/domains/ and not to ${elsewhere}/data`)
  expect((await run(here, 'plan', 'none')).stderr).toBe('domain-index: there is no directory none\n')
})
