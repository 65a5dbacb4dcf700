// Names the server-side functions (FUNCTION LIST) whose code holds the old key names: they must be migrated with the
// data, or they go on reading and writing job:* and jobs:*. Writes nothing. Of the code it prints the names alone: the
// rest may hold secrets. Never ends with an error: the tools tell what is wrong with a server.
import { readFileSync } from 'node:fs'
import { Redis } from 'ioredis'

/** No further than to an id, which says nothing about the code. */
const OLD_NAMES = /\bjobs?:(?:[a-z_]+\b:?)*/g

try {
  const redis = new Redis({ ...target(process.env), lazyConnect: true, retryStrategy: () => null })
  redis.on('error', () => {})
  try {
    await redis.connect()
    const libraries = await redis.call('FUNCTION', 'LIST', 'WITHCODE')
    for (const library of libraries.map(toObject)) report(library)
  } finally {
    redis.disconnect()
  }
} catch (error) {
  // Redis before 7.0 has no functions; a user may lack the permission to look.
  console.error(`redis-jobs: server-side functions could not be looked at: ${reason(error)}`)
}

/** What REDIS_URL, REDISCLI_AUTH and REDIS_CA_FILE say, as the tools read them; of a cluster the server that is named. */
function target({ REDIS_URL, REDISCLI_AUTH, REDIS_CA_FILE }) {
  const { protocol, hostname, port, username, password, pathname } = new URL(REDIS_URL)
  const secret = decodeURIComponent(password) || (username === '' ? REDISCLI_AUTH : undefined)
  return {
    host: decodeURIComponent(hostname.replace(/^\[|\]$/g, '')),
    port: Number(port || 6379),
    db: protocol.includes('+cluster') ? 0 : Number(pathname.replaceAll('/', '')),
    ...(username && { username: decodeURIComponent(username) }),
    ...(secret && { password: secret }),
    ...(protocol.startsWith('rediss') && { tls: REDIS_CA_FILE ? { ca: readFileSync(REDIS_CA_FILE) } : {} }),
  }
}

function report({ library_name: name, functions, library_code: code }) {
  const found = [...new Set(code.match(OLD_NAMES))].sort()
  if (found.length === 0) return
  const names = functions
    .map((one) => toObject(one).name)
    .sort()
    .join(', ')
  console.log(
    `Server-side library "${name}" (${names}) hard-codes ${found.join(' ')}: change it before the old keys go`,
  )
}

/** The first words of an error; a server may repeat arguments, of AUTH that would be the password. */
function reason({ message, code }) {
  return /^(?:NOPERM|NOAUTH|WRONGPASS|ERR unknown (?:sub)?command)/.exec(message)?.[0] ?? code ?? 'no connection'
}

/** [name, value, name, value...] as an object. */
function toObject(flat) {
  return Object.fromEntries(Array.from({ length: flat.length / 2 }, (_, at) => [flat[2 * at], flat[2 * at + 1]]))
}
