import { expect, test } from 'vitest'
import { errorCode, failureOf } from '../../../src/store/s3/classify.ts'
import { tag, tags, unescapeXml } from '../../../src/store/s3/xml.ts'

const reply = (status: number, code?: string, rest = '') => ({
  status,
  headers: {},
  body: Buffer.from(code === undefined ? '' : `<?xml version="1.0"?><Error><Code>${code}</Code>${rest}</Error>`),
})

test.each([
  [404, 'NoSuchBucket', 'E_LOCATION'],
  [403, 'AccessDenied', 'E_DENIED'],
  [403, 'InvalidAccessKeyId', 'E_AUTH'],
  [403, 'SignatureDoesNotMatch', 'E_AUTH'],
  [400, 'ExpiredToken', 'E_AUTH'],
  [503, 'SlowDown', 'E_BUSY'],
  [503, 'ServiceUnavailable', 'E_BUSY'],
  [500, 'InternalError', 'E_BUSY'],
  [200, 'InternalError', 'E_BUSY'],
  [400, 'RequestTimeout', 'E_TIMEOUT'],
  [412, 'PreconditionFailed', 'E_CHANGED'],
  [400, 'KeyTooLongError', 'E_NAME'],
  [501, 'NotImplemented', 'E_UNSUPPORTED'],
  [403, 'QuotaExceeded', 'E_FULL'],
  [400, 'MalformedXML', 'E_STORE'],
  [403, undefined, 'E_DENIED'],
  [412, undefined, 'E_CHANGED'],
  [429, undefined, 'E_BUSY'],
  [502, undefined, 'E_BUSY'],
  [504, undefined, 'E_TIMEOUT'],
  [501, undefined, 'E_UNSUPPORTED'],
  [418, undefined, 'E_STORE'],
] as const)('%d %s is %s', (status, code, expected) => {
  expect(failureOf(reply(status, code), 'a').code).toBe(expected)
})

test('a message has the code and the words, and nothing else of the answer', () => {
  const secret =
    '<Message>Not &quot;you&quot;</Message><AWSAccessKeyId>AKID</AWSAccessKeyId><StringToSign>sign</StringToSign>'
  expect(failureOf(reply(403, 'AccessDenied', secret), 'copying "a"').message).toBe(
    'copying "a": AccessDenied, Not "you"',
  )
  expect(failureOf(reply(400, 'Odd'), 'a').message).toBe('a: Odd (HTTP 400)')
  expect(failureOf(reply(418), 'a').message).toBe('a: HTTP 418')
  expect(errorCode(reply(418))).toBeUndefined()
  expect(failureOf(reply(403), 'a', 's3:X').message).toBe('a: HTTP 403; allow s3:X')
  expect(failureOf(reply(418), 'a', 's3:X').message).toBe('a: HTTP 418')
})

test('elements are found by name', () => {
  const text = '<a><Key>1</Key><b/><Key>2</Key><KeyCount>3</KeyCount><Open>'
  expect([tag(text, 'Key'), tag(text, 'Key', 12), tag(text, 'KeyCount'), tag(text, 'No'), tag(text, 'Open')]).toEqual([
    '1',
    '2',
    '3',
    undefined,
    undefined,
  ])
  expect(tags(text, 'Key')).toEqual(['1', '2'])
})

test.each([
  ['a&amp;b&lt;c&gt;&quot;&apos;', 'a&b<c>"\''],
  ['&#10;&#x1F600;&#x1f600;', '\n😀😀'],
  ['&amp;lt;', '&lt;'],
  ['&nbsp; & &#x110000;', '&nbsp; & &#x110000;'],
])('%s is unescaped', (escaped, text) => expect(unescapeXml(escaped)).toBe(text))
