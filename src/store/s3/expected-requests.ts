/** What a key will ask of S3, for a forecast; as it goes when nothing has to be asked twice. Pure. */
import type { StoreWork } from '../contract.ts'

/** Objects of more bytes go in parts of so many. */
export interface PartSizes {
  readonly copyLimitBytes: number
  readonly copyPartBytes: number
  readonly writePartBytes: number
}

/** Requests by their names. Keys close together are looked up by a page of 1,000, and are removed 1,000 at a time. */
export function expectedRequests(
  work: StoreWork,
  sizeBytes: number,
  sizes: PartSizes,
): Readonly<Record<string, number>> {
  switch (work) {
    case 'look':
      return { ListObjectsV2: 1 / 1000 }
    case 'read':
      return { GetObject: 1 }
    case 'remove':
    case 'remove-witnessed':
      return { DeleteObjects: 1 / 1000 }
    case 'copy':
      return sizeBytes <= sizes.copyLimitBytes
        ? { CopyObject: 1 }
        : inParts('UploadPartCopy', sizeBytes, sizes.copyPartBytes)
    case 'write':
      return sizeBytes <= sizes.writePartBytes
        ? { PutObject: 1 }
        : inParts('UploadPart', sizeBytes, sizes.writePartBytes)
  }
}

function inParts(name: string, sizeBytes: number, partBytes: number): Readonly<Record<string, number>> {
  return { CreateMultipartUpload: 1, [name]: Math.ceil(sizeBytes / partBytes), CompleteMultipartUpload: 1 }
}
