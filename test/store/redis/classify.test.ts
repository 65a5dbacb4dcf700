import { expect, test } from 'vitest'
import { classify, connectionError, isUnknownCommand } from '../../../src/store/redis/classify.ts'

test.each([
  ["NOPERM this user has no permissions to run the 'copy' command", 'E_DENIED', /may not run COPY/],
  ["NOPERM User alice has no permissions to run the 'xinfo|stream' command", 'E_DENIED', /XINFO\|STREAM/],
  [
    'NOPERM this user has no permissions to access one of the keys used as arguments',
    'E_DENIED',
    /touch this key with TEST/,
  ],
  [
    "ERR The user executing the script can't run this command or subcommand script: 12ab, on @user_script:1.",
    'E_DENIED',
    /may not run TEST/,
  ],
  ['WRONGPASS invalid username-password pair or user is disabled.', 'E_AUTH', /refuses/],
  ['ERR invalid password', 'E_AUTH', /refuses/],
  ['NOAUTH Authentication required.', 'E_AUTH', /REDIS_URL/],
  ['LOADING Redis is loading the dataset in memory', 'E_BUSY', /loading/],
  ['BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.', 'E_BUSY', /script/],
  ['BUSYKEY Target key name already exists.', 'E_EXISTS', /exists/],
  ['TRYAGAIN Multiple keys request during rehashing of slot', 'E_BUSY', /TRYAGAIN/],
  ['CLUSTERDOWN The cluster is down', 'E_BUSY', /CLUSTERDOWN/],
  ["MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.", 'E_BUSY', /MASTERDOWN/],
  ['MOVED 866 127.0.0.1:7001', 'E_BUSY', /slot/],
  ['ASK 866 127.0.0.1:7001', 'E_BUSY', /slot/],
  ['ERR max number of clients reached', 'E_BUSY', /maxclients/],
  ["READONLY You can't write against a read only replica.", 'E_READONLY', /replica/],
  [
    'MISCONF Redis is configured to save RDB snapshots, but it is currently not able to persist on disk.',
    'E_READONLY',
    /disk/,
  ],
  ['NOREPLICAS Not enough good replicas to write.', 'E_READONLY', /NOREPLICAS/],
  ["OOM command not allowed when used memory > 'maxmemory'.", 'E_FULL', /memory/],
  ['-OOM command not allowed when used memory > maxmemory. script: 12ab, on @user_script:1.', 'E_FULL', /memory/],
  ['WRONGTYPE Operation against a key holding the wrong kind of value', 'E_TYPE', /TEST/],
  ['ERR DUMP payload version or checksum are wrong', 'E_TYPE', /older/],
  ['ERR Bad data format', 'E_TYPE', /older/],
  ['ERR DB index is out of range', 'E_LOCATION', /no database/],
  ['ERR something new', 'E_STORE', /TEST: ERR something new/],
  ['', 'E_STORE', /TEST/],
])('%s is %s', (text, code, message) => {
  const error = classify(text, 'test')
  expect(error.code).toBe(code)
  expect(error.message).toMatch(message)
})

test('a message never holds what the server repeats of the arguments', () => {
  const text = "ERR unknown command 'PEXPIRETIME', with args beginning with: 'secret' "
  expect(classify(text, 'pexpiretime').message).not.toContain('secret')
  expect(isUnknownCommand(classify(text, 'pexpiretime'))).toBe(true)
})

test.each([
  ['ECONNREFUSED', /nothing listens/],
  ['ENOTFOUND', /no host/],
  ['ECONNRESET', /rediss/],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', /REDIS_CA_FILE/],
  ['SELF_SIGNED_CERT_IN_CHAIN', /REDIS_CA_FILE/],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', /REDIS_CA_FILE/],
  ['ERR_TLS_CERT_ALTNAME_INVALID', /another host/],
  ['CERT_HAS_EXPIRED', /not valid/],
  ['ERR_SSL_WRONG_VERSION_NUMBER', /does not speak TLS/],
])('%s says what it is', (code, message) => {
  const error = connectionError('h:1', Object.assign(new Error('text'), { code }))
  expect(error).toMatchObject({ code: 'E_CONNECTION', retryable: true })
  expect(error.message).toMatch(/^h:1: /)
  expect(error.message).toMatch(message)
})
