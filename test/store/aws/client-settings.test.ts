/** What the flags make of a client's settings. */
import { expect, test } from 'vitest'
import { clientSettings } from '../../../src/store/aws/client-settings.ts'

test.each([
  ['nonsense', '"nonsense" is none'],
  ['ftp://x', '"ftp://x" is none'],
  ['me:hunter2@host', 'environment or --profile'],
  ['ftp://me:hunter2@host', 'environment or --profile'],
  ['https://me:hunter2@host', 'environment or --profile'],
])('the endpoint %s is refused, and no password is shown', (endpoint, says) => {
  let message = ''
  try {
    clientSettings({ endpoint })
  } catch (thrown) {
    message = (thrown as Error).message
  }
  expect(message).toContain(says)
  expect(message).not.toContain('hunter2')
})

test('an endpoint is taken as it is', () => {
  expect(clientSettings({ endpoint: 'http://127.0.0.1:8000/x' })).toEqual({
    maxAttempts: 1,
    endpoint: 'http://127.0.0.1:8000/x',
  })
})
