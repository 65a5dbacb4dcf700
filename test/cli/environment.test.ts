/** What a tool takes from the environment, by the names that stand there. */
import { expect, test } from 'vitest'
import { runShell, runTool } from '../run-tool.ts'
import { startRedis } from '../servers/redis.ts'

test('a password in a variable whose name begins with REDIS_URL_', async () => {
  const guarded = await startRedis(['--requirepass', 'right'])
  const env = { REDIS_URL_ARCHIVE: guarded.location.replace('redis://', 'redis://:right@') }
  const run = await runTool('list-keys', { args: [guarded.location], env })
  await guarded.stop()
  expect(run).toMatchObject({ code: 0, stdout: '' })
})

test('a working directory that delete-apply or somebody else has taken away is told', async () => {
  const run = await runShell('cd "$(mktemp -d)" && rmdir "$PWD" && list-keys /')
  expect(run).toMatchObject({ code: 2, stdout: '' })
  expect(run.stderr).toMatch(/^list-keys: E_LOCATION: the directory that this runs in is not there any more/)
})
