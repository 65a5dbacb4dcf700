/** What a tool takes from the environment, by the names that stand there. */
import { expect, test } from 'vitest'
import { runTool } from '../run-tool.ts'
import { startRedis } from '../servers/redis.ts'

test('a password in a variable whose name begins with REDIS_URL_', async () => {
  const guarded = await startRedis(['--requirepass', 'right'])
  const env = { REDIS_URL_ARCHIVE: guarded.location.replace('redis://', 'redis://:right@') }
  const run = await runTool('list-keys', { args: [guarded.location], env })
  await guarded.stop()
  expect(run).toMatchObject({ code: 0, stdout: '' })
})
