import { expect, test } from 'vitest'
import { expectedRequests } from '../../../src/store/s3/expected-requests.ts'

const SIZES = { copyLimitBytes: 100, copyPartBytes: 40, writePartBytes: 10 }

test.each([
  ['look', 5, { ListObjectsV2: 0.001 }],
  ['read', 5000, { GetObject: 1 }],
  ['remove', 5, { DeleteObjects: 0.001 }],
  ['copy', 100, { CopyObject: 1 }],
  ['copy', 101, { CreateMultipartUpload: 1, UploadPartCopy: 3, CompleteMultipartUpload: 1 }],
  ['write', 10, { PutObject: 1 }],
  ['write', 11, { CreateMultipartUpload: 1, UploadPart: 2, CompleteMultipartUpload: 1 }],
] as const)('%s of %d bytes', (work, sizeBytes, expected) => {
  expect(expectedRequests(work, sizeBytes, SIZES)).toEqual(expected)
})
