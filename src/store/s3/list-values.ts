/**
 * The contents of listed objects, fetched side by side. Holds what comes to LARGEST, or one object; an object beyond that
 * is no value for a record, and the listing fails on it.
 */
import { RekeyError } from '../../record/errors.ts'
import { keyText } from '../../record/key.ts'
import type { Entry } from '../contract.ts'
import { recordValue } from '../value.ts'
import { failureOf } from './classify.ts'
import type { Bucket } from './connection.ts'
import { encodeQuery } from './keys.ts'
import { NEEDS } from './permissions.ts'

const LARGEST = 16 * 1024 * 1024
const AT_ONCE = 128

/** An object that is gone by now is left out; a delete marker has no value. */
export async function* withValues(
  bucket: Bucket,
  entries: readonly Entry[],
  signal: AbortSignal,
): AsyncGenerator<readonly Entry[]> {
  for (const group of groupsOf(entries)) {
    const filled = await Promise.all(group.map((entry) => withValue(bucket, entry, signal)))
    const present = filled.filter((entry) => entry !== undefined)
    if (present.length > 0) yield present
  }
}

function* groupsOf(entries: readonly Entry[]): Generator<readonly Entry[]> {
  let group: Entry[] = []
  let bytes = 0
  for (const entry of entries) {
    const { sizeBytes = 0 } = entry
    if (sizeBytes > LARGEST) throw tooLarge(entry)
    if (group.length === AT_ONCE || bytes + sizeBytes > LARGEST) {
      yield group
      group = []
      bytes = 0
    }
    group.push(entry)
    bytes += sizeBytes
  }
  if (group.length > 0) yield group
}

async function withValue(bucket: Bucket, entry: Entry, signal: AbortSignal): Promise<Entry | undefined> {
  const { key, version, type } = entry
  if (type !== undefined) return entry
  if (typeof key !== 'string') throw new RekeyError('E_NAME', `${keyText(key)} is no UTF-8, and S3 has no other keys`)
  const query = version === undefined ? {} : { query: `versionId=${encodeQuery(version)}` }
  const reply = await bucket.send({ method: 'GET', key, ...query }, signal)
  if (reply.status === 404) return undefined
  if (reply.status >= 300) throw failureOf(reply, `reading ${keyText(key)}`, NEEDS.read)
  return { value: recordValue(reply.body), ...entry }
}

function tooLarge({ key, sizeBytes }: Entry): RekeyError {
  const message = `${keyText(key)} has ${sizeBytes} bytes: --values takes up to ${LARGEST}; leave it out by --match`
  return new RekeyError('E_UNSUPPORTED', message)
}
