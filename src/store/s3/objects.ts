/** What the calls on objects share, and the calls themselves, for the store to hand out. */
import type { Store } from '../contract.ts'
import type { Surroundings } from '../open.ts'
import { Abilities } from './abilities.ts'
import { ChecksumOffer } from './checksum-offer.ts'
import { checksumsOf } from './checksums-of-objects.ts'
import type { Bucket } from './connection.ts'
import { withAcl } from './copy-object.ts'
import { copyObjects } from './copy-objects.ts'
import { deleteObjects } from './delete-objects.ts'
import { DestinationLocks } from './destination-locks.ts'
import { digestObjects } from './digest-objects.ts'
import { Encryption } from './encryption.ts'
import { expectedRequests } from './expected-requests.ts'
import { HiddenObjects } from './hidden-objects.ts'
import { readObject } from './read-object.ts'
import { restoreObjects } from './restore-objects.ts'
import { statObjects } from './stat-objects.ts'
import { writeObject } from './write-object.ts'

export interface Objects {
  readonly bucket: Bucket
  readonly abilities: Abilities
  readonly encryption: Encryption
  readonly offer: ChecksumOffer
  readonly hidden: HiddenObjects
  readonly locks: DestinationLocks
  /** access control lists are copied too */
  readonly acl: boolean
  /** an object of more bytes is copied in parts */
  readonly copyLimitBytes: number
  readonly copyPartBytes: number
  /** content of more bytes is written in parts of so many */
  readonly writePartBytes: number
}

const DONE = { outcome: 'done' } as const

/** What S3 takes in one CopyObject. */
const COPY_LIMIT_BYTES = 5 * 2 ** 30
const COPY_PART_BYTES = 256 * 2 ** 20
const WRITE_PART_BYTES = 8 * 2 ** 20

/** Makes every part this many bytes long, for tests: servers take smaller ones than S3's 5 MiB only as the last. */
const PART_SIZE_VARIABLE = 'REKEY_S3_PART_SIZE'

export function objectCalls(
  bucket: Bucket,
  { acl = false }: { readonly acl?: boolean },
  surroundings: Surroundings,
): Required<
  Pick<Store, 'stat' | 'copy' | 'read' | 'write' | 'remove' | 'restore' | 'digest' | 'checksums' | 'requests'>
> &
  Pick<Store, 'copyAcls'> {
  const part = Number(surroundings.env(PART_SIZE_VARIABLE) ?? 0)
  const encryption = new Encryption(bucket)
  const objects: Objects = {
    bucket,
    abilities: new Abilities(bucket, surroundings),
    encryption,
    hidden: new HiddenObjects(bucket, encryption),
    offer: new ChecksumOffer(),
    locks: new DestinationLocks(),
    acl,
    copyLimitBytes: part || COPY_LIMIT_BYTES,
    copyPartBytes: part || COPY_PART_BYTES,
    writePartBytes: part || WRITE_PART_BYTES,
  }
  return {
    stat: (keys, signal) => statObjects(bucket, keys, signal),
    copy: (pairs, guard, signal) => copyObjects(objects, pairs, guard, signal),
    ...(acl && {
      copyAcls: (pairs, signal) =>
        Promise.all(pairs.map(({ from, to }) => withAcl(bucket, from as string, to as string, DONE, signal))),
    }),
    read: (key, signal) => readObject(bucket, key, signal),
    write: (item, guard, signal) => writeObject(objects, item, guard, signal),
    remove: (targets, signal) => deleteObjects(objects, targets, signal),
    restore: (hidden, signal) => restoreObjects(bucket, hidden, signal),
    digest: (keys, signal, closely) => digestObjects(bucket, encryption, keys, signal, closely),
    checksums: (keys, signal) => checksumsOf(bucket, keys, signal),
    requests: (work, sizeBytes) => expectedRequests(work, sizeBytes, objects),
  }
}
