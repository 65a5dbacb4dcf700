import { expect, test } from 'vitest'
import { RekeyError } from '../../../src/record/errors.ts'
import { fsError } from '../../../src/store/file/fs-error.ts'

test.each([
  ['EACCES', 'E_DENIED'],
  ['EPERM', 'E_DENIED'],
  ['EROFS', 'E_READONLY'],
  ['ENOSPC', 'E_FULL'],
  ['EDQUOT', 'E_FULL'],
  ['EFBIG', 'E_FULL'],
  ['ENOTDIR', 'E_BLOCKED'],
  ['EISDIR', 'E_BLOCKED'],
  ['ENAMETOOLONG', 'E_NAME'],
  ['EILSEQ', 'E_NAME'],
  ['EMFILE', 'E_BUSY'],
  ['EIO', 'E_STORE'],
])('%s is %s, with the key in the message', (errno, code) => {
  const error = fsError(Object.assign(new Error('said by the system'), { code: errno }), 'a/b')
  expect([error.code, error.retryable]).toEqual([code, code === 'E_BUSY'])
  expect(error.message).toMatch(/"a\/b".*\(E[A-Z]+\)$/)
})

test('an error of our own stays as it is', () => {
  const own = new RekeyError('E_CHANGED', 'changed')
  expect(fsError(own, 'a')).toBe(own)
})
