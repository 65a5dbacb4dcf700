/** How runs of pipelines end that cannot go on: with an exit code that says so, and what to do. */
import { symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { directoryWith } from '../directory.ts'
import { ROOT, runCommand } from '../run-tool.ts'

const OPEN = '{"store":"file:.","key":"a","to":"b"}\n'
const FAILED = '{"store":"file:.","key":"a","to":"b","outcome":"failed","error":{"code":"E_FIELD","message":"m"}}\n'

const run = (pipeline: string, args: readonly string[], env: Readonly<Record<string, string>>) =>
  runCommand(join(ROOT, 'pipelines', pipeline, 'run'), { args: [...args], env: { ...env } })

test.each([
  ['redis-jobs', ['plan'], {}],
  ['domain-index', ['plan', '--location', '.'], {}],
  ['fleet', ['send', '/dev/null'], { HOSTS: ':' }],
] as const)('%s refuses a directory of journals in which it cannot write', async (pipeline, args, env) => {
  const WORK = await directoryWith({ 'lock/is-no-file': '' })
  const { code, stderr } = await run(pipeline, args, { ...env, WORK })
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: `${pipeline}: cannot write in the directory ${WORK}: whose is it, and is there room?\n`,
  })
})

test.each(['redis-jobs', 'domain-index', 'uploads', 'fleet'])('%s is found where CDPATH is set', async (pipeline) => {
  const { code, stderr } = await runCommand('bash', {
    args: [`pipelines/${pipeline}/run`, 'help'],
    cwd: ROOT,
    env: { CDPATH: '.' },
  })
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
})

describe('a full disk is no failed record, and the command that is to be run again is named', () => {
  test('where a tool writes', async () => {
    const WORK = await directoryWith({ 'run.ndjson': FAILED })
    await symlink('/dev/full', join(WORK, 'proven.part'))
    const { code, stderr } = await run('redis-jobs', ['verify'], { WORK, REDIS_URL: 'redis://127.0.0.1:1' })
    expect(code).toBe(3)
    expect(stderr).toMatch(/redis-jobs: verify stopped early \(exit code 3\).* run verify again/)
  })

  test.each([
    ['domain-index', ['copy'], 'plan.ndjson', 'open.part'],
    ['fleet', ['prove', '/dev/null'], 'run.ndjson', 'told.part'],
  ])('%s, where jq writes', async (pipeline, [command = '', ...rest], journal, full) => {
    const WORK = await directoryWith({ [journal]: journal === 'plan.ndjson' ? OPEN : FAILED, 'open.ndjson': '' })
    await symlink('/dev/full', join(WORK, full))
    const { code, stderr } = await run(pipeline, [command, ...rest], { WORK, LOCATION: WORK })
    expect(code, stderr).toBe(3)
    expect(stderr).toMatch(`${pipeline}: ${command} stopped early (exit code 3). The journals in ${WORK} are whole`)
  })
})
