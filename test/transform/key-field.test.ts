/** One attribute of a key of several. */
import { describe, expect, test } from 'vitest'
import { keyField } from '../../src/transform/key-field.ts'
import { Unfit } from '../../src/transform/unfit.ts'
import { recordsOf, runTool } from '../run-tool.ts'

test.each([
  ['{"pk":"a","sk":"b"}', 'pk', 'a', 'n"w', '{"pk":"n\\"w","sk":"b"}'],
  ['{"pk":"a","sk":"b"}', 'sk', 'b', '', '{"pk":"a","sk":""}'],
  ['{ "pk" : "a", "1" : 1.50 }', 'pk', 'a', 'x', '{ "pk" : "x", "1" : 1.50 }'],
  ['{"pk":"a","1":7}', '1', '7', '0012', '{"pk":"a","1":12}'],
  ['{"pk":"a","n":7}', 'n', '7', '12345678901234567890', '{"pk":"a","n":{"$number":"12345678901234567890"}}'],
  ['{"n":{"$number":"12345678901234567890"},"s":"a"}', 'n', '12345678901234567890', '7', '{"n":7,"s":"a"}'],
  ['{"n":12345678901234567890}', 'n', '12345678901234567890', '7', '{"n":7}'],
  ['{"n":12345678901234567890}', 'n', '12345678901234567890', '12345678901234567890', '{"n":12345678901234567890}'],
  ['{"pk":"\\u0041"}', 'pk', 'A', 'A', '{"pk":"\\u0041"}'],
])('%s, %s is %s, and with %s it is %s', (key, name, text, given, made) => {
  const field = keyField(key, name)
  if (field instanceof Unfit) throw new Error(field.message)
  expect(field.text).toBe(text)
  expect(field.withText(given)).toBe(made)
})

test.each([
  ['no JSON', 'a', 'pk'],
  ['an array', '["pk"]', 'pk'],
  ['no such attribute', '{"sk":"b"}', 'pk'],
  ['one that is inherited', '{"sk":"b"}', 'constructor'],
  ['bytes', Buffer.from([255]), 'pk'],
  ['binary', '{"pk":{"$binary":"AP8="},"sk":"b"}', 'pk'],
])('%s is unfit', (_, key, name) => {
  expect(keyField(key, name)).toBeInstanceOf(Unfit)
})

test('a number stays one', () => {
  const field = keyField('{"n":7}', 'n')
  expect((field as Exclude<typeof field, Unfit>).withText('seven')).toBeInstanceOf(Unfit)
})

describe('rewrite-keys --field', () => {
  const line = (key: string) => JSON.stringify({ store: 'dynamodb://t', key, value: { to: 'z' } })

  test.each([
    ['--sub', ['--sub', 's/^a/x/'], '{"pk":"x","sk":"a"}'],
    ['--rule', ['--rule', 'slugify', '--sub', 's/^a/x y/'], '{"pk":"x-y","sk":"a"}'],
    ['--template', ['--template', '{value.to}-{key}'], '{"pk":"z-a","sk":"a"}'],
  ])('%s works on the attribute alone', async (_, args, to) => {
    const run = await runTool('rewrite-keys', { args: ['--field', 'pk', ...args], stdin: line('{"pk":"a","sk":"a"}') })
    expect(recordsOf(run)).toMatchObject([{ to }])
  })

  test('a key without it fails, and the run goes on', async () => {
    const run = await runTool('rewrite-keys', {
      args: ['--field', 'pk', '--sub', 's/a/b/'],
      stdin: `${line('a')}\n${line('{"pk":"a","sk":"a"}')}\n`,
    })
    expect(recordsOf(run)).toMatchObject([
      { outcome: 'failed', error: { code: 'E_FIELD' } },
      { to: '{"pk":"b","sk":"a"}' },
    ])
    expect(run.code).toBe(1)
  })

  test('with nothing to do is an error of usage', async () => {
    const run = await runTool('rewrite-keys', { args: ['--field', 'pk', '--to-store', 'dynamodb://other'], stdin: '' })
    expect({ code: run.code, stderr: run.stderr }).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--field pk'),
    })
  })
})
