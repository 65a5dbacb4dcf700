/** A copy that somebody has written over since it was proven, with as many bytes: its original is all that is left. */
import { PutObjectCommand } from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import { recordsOf, runChain, runTool } from '../run-tool.ts'
import { freshBucket, s3Environment, s3Server } from '../servers/s3.ts'

test.each([[[]], [['--proof', 'bytes']]])('its original stays, after verify %j', async (proof) => {
  const env = s3Environment(await s3Server())
  const { client, name, location } = await freshBucket(await s3Server())
  const put = (Key: string, Body: string) => client.send(new PutObjectCommand({ Bucket: name, Key, Body }))
  for (const key of ['old/a', 'old/b']) await put(key, 'as it was')
  const tools = [['list-keys', `${location}/old/`], ['rewrite-keys', '--sub', 's|^old|new|'], ['copy-apply']] as const
  const stdin = await runChain([...tools, ['verify', ...proof]], env)
  await put('new/a', 'something')
  const run = await runTool('delete-apply', { stdin, env })
  expect(run.code).toBe(1)
  const told = recordsOf(run).map(({ key, deleted, error }) => [key, deleted ?? `${error.code}: ${error.message}`])
  expect(told.sort()).toEqual([
    ['old/a', expect.stringMatching(/^E_UNPROVEN: .*its copy has changed/)],
    ['old/b', 'source'],
  ])
  const { stdout } = await runTool('list-keys', { args: [location], env })
  expect(recordsOf({ stdout }).map(({ key }) => key)).toEqual(['new/a', 'new/b', 'old/a'])
})
