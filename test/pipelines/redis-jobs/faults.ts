/** Twenty ways in which a copy can be wrong, each done to one key of a finished migration. */
import type { Redis } from 'ioredis'
import { EXPIRES_MS, scoreOf } from './jobs.ts'

export interface Fault {
  readonly key: string
  /** what verify must say of it */
  readonly differs: readonly string[]
  damage(client: Redis): Promise<unknown>
}

export const FAULTS: readonly Fault[] = [
  fault('step:job-6', ['missing'], (redis, key) => redis.del(key)),
  fault('step:job-7', ['content'], (redis, key) => redis.hset(key, 'status', 'pending ')),
  fault('step:job-8', ['content'], (redis, key) => redis.hset(key, 'ctx', '')),
  fault('step:job-10', ['content'], (redis, key) => redis.hdel(key, 'payload')),
  fault('step:job-11', ['content'], (redis, key) => redis.hdel(key, 'requirements')),
  fault('step:job-12', ['content'], (redis, key) => redis.hset(key, 'priority', '50.0')),
  fault('step:job-13', ['content'], (redis, key) => redis.multi().hdel(key, 'id').hset(key, 'ID', 'job-13').exec()),
  fault('step:job-20', ['content'], (redis, key) => redis.hset(key, 'payload', Buffer.from([0xff, 0xfe, 0x00, 21]))),
  fault('step:job-14', ['type'], (redis, key) => redis.multi().del(key).set(key, 'a hash').exec()),
  fault('step:job-18', ['expiry'], (redis, key) => redis.persist(key)),
  fault('step:job-27', ['expiry'], (redis, key) => redis.pexpireat(key, EXPIRES_MS + 3)),
  fault('step:job-15', ['expiry'], (redis, key) => redis.pexpireat(key, EXPIRES_MS)),
  fault('step:job-15:progress', ['content'], (redis, key) => redis.hset(key, 'message', '\n')),
  // The next double above the score of job-0.
  fault('steps:pending', ['content'], (redis, key) => redis.zadd(key, 'XX', String(BigInt(scoreOf(0)) + 1n), 'job-0')),
  fault('steps:delayed', ['content'], (redis, key) => redis.zrem(key, 'job-40')),
  fault('steps:active:w1', ['content'], (redis, key) => redis.hset(key, 'job-1', '{}')),
  fault('steps:completed', ['content'], (redis, key) => redis.hset(key, 'job-x', '')),
  fault('step:weird', ['content'], (redis, key) => redis.multi().lpop(key).rpush(key, 'b').exec()),
  fault('step:events', ['content'], (redis, key) => redis.xdel(key, '3-1')),
  fault('step:audit', ['content'], (redis, key) => redis.xgroup('DESTROY', key, 'readers')),
]

function fault(
  key: string,
  differs: readonly string[],
  damage: (redis: Redis, key: string) => Promise<unknown>,
): Fault {
  return { key, differs, damage: (redis) => damage(redis, key) }
}
