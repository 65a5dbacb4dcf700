import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { ERROR_CODES } from '../../src/record/errors.ts'
import { OUTCOMES, PROOFS, REASONS } from '../../src/record/record.ts'
import { RECORD_SCHEMA, schemaProblem } from '../record-schema.ts'

describe('the schema knows the same words as the code', () => {
  const { properties, $defs } = RECORD_SCHEMA
  test.each([
    ['reasons', properties.reason.enum, Object.keys(REASONS)],
    ['outcomes', properties.outcome.enum, OUTCOMES],
    ['proofs', properties.proof.enum, PROOFS],
    ['error codes', $defs.error.properties.code.enum, Object.keys(ERROR_CODES)],
  ])('%s', (_name, inSchema, inCode) => expect(inSchema).toEqual(inCode))

  test('and every field of KeyRecord', () => {
    const source = readFileSync(new URL('../../src/record/record.ts', import.meta.url), 'utf8')
    const body = /interface KeyRecord \{([^}]*)\}/.exec(source)?.[1] ?? ''
    const fields = [...body.matchAll(/^ {2}(\w+)\?:/gm)].map(([, name]) => name)
    expect(fields.length).toBeGreaterThan(20)
    expect(Object.keys(properties)).toEqual(fields)
  })
})

const failure = { code: 'E_INPUT', line: 1, message: 'not JSON', retryable: false }

describe('what the schema takes and refuses', () => {
  test.each<[string, object]>([
    [
      'an entry',
      { store: 'file:./a/', key: 'b', size: 0, mtime: '2026-01-02T03:04:05.678Z', mode: '0644', type: 'file' },
    ],
    ['bytes as a key', { key64: '//4=' }],
    ['a key that is empty', { key: '' }],
    ['unknown fields', { key: 'a', x: { y: [1] } }],
    ['a line that was no record', { outcome: 'failed', error: failure, input: '[]' }],
    ['an at sign in a path', { store: 'file:./a@b/', key: 'c' }],
  ])('takes %s', (_name, record) => expect(schemaProblem(JSON.stringify(record))).toBeUndefined())

  test.each<[string, object]>([
    ['no key', { store: 'file:./a/' }],
    ['two forms of a key', { key: 'a', key64: 'YQ==' }],
    ['two forms of a new key', { key: 'a', to: 'b', to64: 'Yg==' }],
    ['base64 that is cut', { key64: 'YQ=' }],
    ['a user in a location', { store: 'redis://me:secret@host:6379/0', key: 'a' }],
    ['a user in the destination', { key: 'a', toStore: 'rediss+cluster://me@host' }],
    ['failed without an error', { key: 'a', outcome: 'failed' }],
    ['unknown without an error', { key: 'a', outcome: 'unknown' }],
    ['skipped without a reason', { key: 'a', outcome: 'skipped' }],
    ['verified without a proof', { key: 'a', verified: true }],
    ['a reason that is not on the list', { key: 'a', outcome: 'skipped', reason: 'because' }],
    ['a code that is not on the list', { key: 'a', outcome: 'failed', error: { ...failure, code: 'E_ODD' } }],
    ['E_INPUT without its line', { outcome: 'failed', error: { ...failure, line: undefined } }],
    ['a local time', { key: 'a', mtime: '2026-01-02T03:04:05+01:00' }],
  ])('refuses %s', (_name, record) => expect(schemaProblem(JSON.stringify(record))).toBeDefined())
})
