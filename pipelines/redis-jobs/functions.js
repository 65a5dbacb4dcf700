// Names the server-side functions (FUNCTION LIST) whose code holds the old key names: they must be migrated with the
// data, or they go on reading and writing job:* and jobs:*. Writes nothing.
import { Redis } from 'ioredis'

const OLD_NAMES = /\bjobs?:[\w:{}-]*/g

const redis = new Redis(process.env.REDIS_URL, {
  lazyConnect: true,
  maxRetriesPerRequest: 0,
  retryStrategy: () => null,
})
redis.on('error', () => {})
try {
  await redis.connect()
  const libraries = await redis.call('FUNCTION', 'LIST', 'WITHCODE')
  for (const library of libraries.map(toObject)) report(library)
} catch (error) {
  // Redis before 7.0 has no functions; a user may lack the permission to look; the tools tell what else is wrong.
  console.error(`redis-jobs: server-side functions could not be looked at: ${error.message}`)
} finally {
  redis.disconnect()
}

function report({ library_name: name, functions, library_code: code }) {
  const found = [...new Set(code.match(OLD_NAMES))]
  if (found.length === 0) return
  const names = functions.map((one) => toObject(one).name).join(', ')
  console.log(
    `Server-side library "${name}" (${names}) hard-codes ${found.join(' ')}: change it before the old keys go`,
  )
}

/** [name, value, name, value...] as an object. */
function toObject(flat) {
  return Object.fromEntries(Array.from({ length: flat.length / 2 }, (_, at) => [flat[2 * at], flat[2 * at + 1]]))
}
