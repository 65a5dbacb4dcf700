/** A bucket as a store: each call is handed to the part that does it. */
import type { Store, StoreSettings, Traits } from '../contract.ts'
import type { Surroundings } from '../open.ts'
import type { Bucket } from './connection.ts'
import { listObjects } from './list-objects.ts'
import { objectCalls } from './objects.ts'
import { unfinishedUploads } from './unfinished-uploads.ts'

/** Requests in flight are the gate's to count: two batches keep it busy, one being prepared while one is answered. */
const TRAITS: Traits = {
  ordered: true,
  unique: true,
  batch: 1000,
  gathers: true,
  concurrency: 2,
  holds: ['headers', 'tags'],
  guards: ['absent', 'match', 'any'],
  etags: true,
  versions: true,
}

export function s3Store(bucket: Bucket, prefix: string, settings: StoreSettings, surroundings: Surroundings): Store {
  return {
    location: bucket.location,
    traits: TRAITS,
    list: (range, signal) => listObjects(bucket, prefix, range, signal),
    ...objectCalls(bucket, settings.aws ?? {}, surroundings),
    uploads: unfinishedUploads(bucket, surroundings),
    state: () => `${bucket.gate.inFlight} in flight`,
    close: () => bucket.close(),
  }
}
