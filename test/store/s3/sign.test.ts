/** The signature against npm aws4, which many use, over generated requests. */
import aws4 from 'aws4'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Credentials } from '../../../src/store/s3/credentials.ts'
import { headersIn } from '../../../src/store/s3/http-head.ts'
import { encodeKey, encodeQuery } from '../../../src/store/s3/keys.ts'
import { EMPTY_HASH, Signer, UNSIGNED } from '../../../src/store/s3/sign.ts'

/** The headers that aws4 signs a request with; its clock is the `x-amz-date` that it is given. */
function theirs(request: aws4.Request, credentials: Credentials): string {
  const { accessKeyId, secretAccessKey, sessionToken } = credentials
  const identity = { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) }
  return String(aws4.sign({ service: 's3', ...request }, identity).headers?.Authorization)
}

const character = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...'abzAZ09-_.~') },
  { weight: 3, arbitrary: fc.constantFrom(...' !"#$%&\'()*+,/:;<=>?@[\\]^`{|}') },
  { weight: 1, arbitrary: fc.constantFrom('\u0001', '\u007f', 'é', 'ß', '\ue000', '😀', '\u{10ffff}') },
)
const text = fc.array(character, { maxLength: 20 }).map((letters) => letters.join(''))
const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,12}$/)
const value = fc.oneof(fc.stringMatching(/^[!-~]( {0,3}[!-~]){0,12}$/), fc.constant('*'))
const payloadHash = fc.oneof(fc.constantFrom(UNSIGNED, EMPTY_HASH), fc.stringMatching(/^[0-9a-f]{64}$/))
const credentials = fc.record({
  accessKeyId: fc.stringMatching(/^[A-Z0-9]{16,20}$/),
  secretAccessKey: fc.stringMatching(/^[A-Za-z0-9/+]{30,40}$/),
  sessionToken: fc.option(fc.stringMatching(/^[A-Za-z0-9/+=]{20,60}$/), { nil: undefined }),
})

test('is that of aws4', () => {
  let before = {}
  fc.assert(
    fc.property(
      credentials,
      fc.constantFrom('GET', 'HEAD', 'PUT', 'POST', 'DELETE'),
      text,
      fc.uniqueArray(fc.tuple(name, text), { selector: ([first]) => first, maxLength: 4 }),
      fc.dictionary(
        name.map((rest) => `x-amz-meta-${rest}`),
        fc.tuple(value, value),
        { maxKeys: 4, noNullPrototype: true },
      ),
      fc.tuple(payloadHash, payloadHash),
      fc.integer({ min: 0, max: 4_000_000_000 }),
      (identity, method, key, query, pairs, [payloadHash, payloadHashBefore], seconds) => {
        const headersOf = (nth: 0 | 1) =>
          Object.fromEntries(Object.entries(pairs).map(([name, values]) => [name, values[nth]]))
        const headers = headersOf(0)
        const path = `/bucket/${encodeKey(key)}`
        const sorted = query.map(([first, second]) => `${first}=${encodeQuery(second)}`).sort(byName)
        const nowMs = seconds * 1000 + 999
        const signer = new Signer('eu-central-1', 's3.test:8080')
        const request = { method, path, query: sorted.join('&'), payloadHash }
        // What it keeps of one request is not to show in the next, of other headers or of the same with other values.
        signer.sign({ ...request, headers: before, payloadHash: payloadHashBefore }, identity, nowMs)
        signer.sign({ ...request, headers: headersOf(1), payloadHash: payloadHashBefore }, identity, nowMs)
        const lines = signer.sign({ ...request, headers }, identity, nowMs)
        before = headers
        const date = `${new Date(seconds * 1000).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`
        const expected = theirs(
          {
            method,
            region: 'eu-central-1',
            path: sorted.length === 0 ? path : `${path}?${sorted.join('&')}`,
            headers: { Host: 's3.test:8080', ...headers, 'X-Amz-Date': date, 'X-Amz-Content-Sha256': payloadHash },
          },
          identity,
        )
        expect({ ...headersIn(`\r\n${lines}`) }).toEqual({
          host: 's3.test:8080',
          'x-amz-date': date,
          'x-amz-content-sha256': payloadHash,
          ...(identity.sessionToken !== undefined && { 'x-amz-security-token': identity.sessionToken }),
          ...Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, text.replace(/ +/g, ' ')])),
          authorization: expected,
        })
      },
    ),
    { numRuns: 500 },
  )
})

function byName(one: string, other: string): number {
  return (one.split('=')[0] as string) < (other.split('=')[0] as string) ? -1 : 1
}

test('goes with the second, the day and the credentials', () => {
  const signer = new Signer('us-east-1', 'h')
  const request = { method: 'GET', path: '/', query: '', headers: undefined, payloadHash: UNSIGNED }
  const one = { accessKeyId: 'A', secretAccessKey: 'a' }
  const other = { accessKeyId: 'B', secretAccessKey: 'b' }
  const midnight = Date.UTC(2026, 0, 2)
  for (const [identity, nowMs] of [
    [one, midnight - 1001],
    [one, midnight - 1],
    [one, midnight],
    [other, midnight],
    [one, midnight],
  ] as const) {
    expect(signer.sign(request, identity, nowMs)).toEqual(new Signer('us-east-1', 'h').sign(request, identity, nowMs))
  }
})

test.each([
  ['a b+c', 'a%20b%2Bc'],
  ["!'()*", '%21%27%28%29%2A'],
  ['a/b//c/../d', 'a/b//c/../d'],
  ['%41', '%2541'],
  ['ü😀\u0001', '%C3%BC%F0%9F%98%80%01'],
])('a key %j stands in the path as %s', (key, encoded) => {
  expect(encodeKey(key)).toBe(encoded)
  expect(decodeURIComponent(encodeKey(key))).toBe(key)
})
