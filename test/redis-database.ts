/** The databases of the Redis server that test files share: each has one of its own, so that none sees the keys of another. */
import { inject } from 'vitest'

const OWNERS = [
  'redis store',
  'redis digest',
  'redis contents, by scripts',
  'redis contents, without scripts',
  'kill and undo',
  'faults',
  'verify',
  'delete-apply',
  'track-progress',
  'watch-progress',
  'run-parts',
  'leases',
  'whole dynamodb',
  'fleet',
  'redis-jobs',
  'redis-jobs, another',
  'redis-jobs, returned',
] as const

/** Its location. Database 0 is for who only reads, or asks nothing about keys. */
export function redisDatabase(owner: (typeof OWNERS)[number]): string {
  return `${inject('redis')}/${OWNERS.indexOf(owner) + 1}`
}
