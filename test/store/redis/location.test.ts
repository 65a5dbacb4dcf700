import { describe, expect, test } from 'vitest'
import { RekeyError } from '../../../src/record/errors.ts'
import { readLocation } from '../../../src/store/redis/location.ts'
import { surroundings } from './open.ts'

const standard = { host: 'h', port: 6379, database: 0, tls: false, cluster: false }

test.each([
  ['redis://h', { ...standard, location: 'redis://h:6379/0' }],
  ['redis://h/', { ...standard, location: 'redis://h:6379/0' }],
  ['redis://h:7000/3', { ...standard, port: 7000, database: 3, location: 'redis://h:7000/3' }],
  ['rediss://h/1', { ...standard, tls: true, database: 1, location: 'rediss://h:6379/1' }],
  ['redis+cluster://h:7000', { ...standard, port: 7000, cluster: true, location: 'redis+cluster://h:7000' }],
  ['rediss+cluster://h/0', { ...standard, tls: true, cluster: true, location: 'rediss+cluster://h:6379' }],
  ['redis://[::1]:6380/2', { ...standard, host: '::1', port: 6380, database: 2, location: 'redis://[::1]:6380/2' }],
  ['redis://u:p@h', { ...standard, username: 'u', password: 'p', location: 'redis://h:6379/0' }],
  ['redis://:p@h', { ...standard, password: 'p', location: 'redis://h:6379/0' }],
  ['redis://u@h', { ...standard, username: 'u', location: 'redis://h:6379/0' }],
  [
    'redis://u%40x:a%2Fb%3A%25%40@h',
    { ...standard, username: 'u@x', password: 'a/b:%@', location: 'redis://h:6379/0' },
  ],
  ['redis://:p%C3%A9@h', { ...standard, password: 'pé', location: 'redis://h:6379/0' }],
  ['redis://:a:b@h', { ...standard, password: 'a:b', location: 'redis://h:6379/0' }],
])('reads %s', (location, expected) => {
  expect(readLocation(location, surroundings())).toEqual(expected)
})

test.each([
  'redis://h/x',
  'redis://h/1x',
  'redis://h/-1',
  'redis://h/1/2',
  'redis://h/1.5',
  'redis:///0',
  'redis://h:99999/0',
  'redis://h:port/0',
  'redis://h/0?db=1',
  'redis://:secret#x@h',
  'redis://:secret%@h',
  'redis://:secret%zz@h',
  'redis+cluster://h/1',
  'redis:secret',
])('refuses %s without repeating it', (location) => {
  const error = caught(() => readLocation(location, surroundings()))
  expect(error.code).toBe('E_LOCATION')
  expect(error.message).not.toContain('secret')
})

describe('credentials', () => {
  test.each([
    ['those of the location first', 'redis://:mine@h:1', { REDIS_URL: 'redis://:other@h:1' }, 'mine'],
    ['those of REDIS_URL for the same host and port', 'redis://h:1', { REDIS_URL: 'redis://:p@h:1/5' }, 'p'],
    ['without regard to case of the host', 'redis://H:1', { REDIS_URL: 'redis://:p@h:1' }, 'p'],
    ['without regard to TLS or cluster', 'rediss+cluster://h:1', { REDIS_URL: 'redis://:p@h:1' }, 'p'],
    ['those of any REDIS_URL_*', 'redis://h:2', { REDIS_URL: 'redis://:p@h:1', REDIS_URL_NEW: 'redis://:q@h:2' }, 'q'],
    ['a default port is the port', 'redis://h', { REDIS_URL: 'redis://:p@h:6379' }, 'p'],
    ['of an IPv6 host', 'redis://[::1]:1', { REDIS_URL: 'redis://:p@[::1]:1' }, 'p'],
    ['never those of another host', 'redis://evil:1', { REDIS_URL: 'redis://:p@h:1' }, undefined],
    ['never those of another port', 'redis://h:2', { REDIS_URL: 'redis://:p@h:1' }, undefined],
    ['never those of a host that only begins so', 'redis://h.evil:1', { REDIS_URL: 'redis://:p@h:1' }, undefined],
    ['never those of a database that is no Redis', 'redis://h:1', { REDIS_URL_X: 'http://:p@h:1' }, undefined],
    ['else REDISCLI_AUTH', 'redis://h:1', { REDISCLI_AUTH: 'c', REDIS_URL: 'redis://:p@h:2' }, 'c'],
    ['an empty REDISCLI_AUTH is none', 'redis://h:1', { REDISCLI_AUTH: '' }, undefined],
    ['a variable that is no URL counts for nothing', 'redis://h:1', { REDIS_URL_X: 'nonsense' }, undefined],
  ])('%s', (_, location, variables, password) => {
    expect(readLocation(location, surroundings(variables)).password).toBe(password)
  })

  test('come with their user', () => {
    const target = readLocation('redis://h:1', surroundings({ REDIS_URL: 'redis://u:p@h:1' }))
    expect(target).toMatchObject({ username: 'u', password: 'p' })
  })
})

describe('redis: alone', () => {
  test.each(['redis:', 'redis://'])('%s is what REDIS_URL names', (bare) => {
    expect(readLocation(bare, surroundings({ REDIS_URL: 'rediss://u:p@h:1/4' }))).toEqual({
      ...{ host: 'h', port: 1, database: 4, tls: true, cluster: false, username: 'u', password: 'p' },
      location: 'rediss://h:1/4',
    })
  })

  test('is localhost without REDIS_URL', () => {
    expect(readLocation('redis:', surroundings()).location).toBe('redis://localhost:6379/0')
  })

  test('says that REDIS_URL is wrong, and not what it is', () => {
    const error = caught(() => readLocation('redis:', surroundings({ REDIS_URL: 'redis://:secret@h/x' })))
    expect(error.message).toContain('REDIS_URL')
    expect(error.message).not.toContain('secret')
  })
})

function caught(call: () => unknown): RekeyError {
  try {
    call()
  } catch (thrown) {
    if (thrown instanceof RekeyError) return thrown
  }
  throw new Error('no RekeyError was thrown')
}
