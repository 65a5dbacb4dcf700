// Says for each listed key of a domain index which domain it is of: `domain`, and `domainSource`, body or heuristic.
// What is no dashed key comes out skipped, what cannot be decided failed; README.md has the table. Bodies stay behind.
// usage: list-keys --values ... | domains.js PREFIX [heuristic] [refuse|slug|keep]
import { parse } from 'tldts'
import { lines } from '../lines.js'

const [prefix, heuristic, altered] = process.argv.slice(2)
const RESERVED = /^(?:datapackage\.json$|(?:inbox|shards|manifests)\/)/
const DASHED = /^([^/.]+)(?:\.json|\/search\.json)$/
/** What slugdotify would change beyond the case of letters: the new key would be that of another name. */
const ALTERED = /--|^-|-$|[^\p{L}\p{N}_.-]/u

for await (const text of lines(process.stdin)) {
  const { value, value64, ...record } = JSON.parse(text)
  const line = JSON.stringify({ ...record, ...decide(record.key, value, value64) })
  if (!process.stdout.write(`${line}\n`)) await new Promise((resolve) => process.stdout.once('drain', resolve))
}

function decide(key, value, value64) {
  if (key === undefined) return failed('the key is not text')
  const rest = key.slice(prefix.length)
  const name = RESERVED.test(rest) ? undefined : DASHED.exec(rest)?.[1]
  if (name === undefined) return { outcome: 'skipped', reason: 'unchanged' }
  const body = value64 === undefined ? bodyOf(value) : undefined
  if (body === undefined) return failed('the body is not JSON: mend or remove the object')
  const found = typeof body?.domain === 'string' && body.domain !== '' ? fromBody(name, body.domain) : fromName(name)
  if (found.domain === undefined || altered !== 'refuse' || !ALTERED.test(found.domain)) return found
  return failed(`slugdotify makes another name of the domain ${found.domain}: give --keep-punycode or --slug-punycode`)
}

/** JSON that would not survive being read and printed is listed as text. */
function bodyOf(value) {
  if (typeof value !== 'string') return value
  try {
    return JSON.parse(value)
  } catch {
    return undefined
  }
}

function fromBody(name, domain) {
  const dashed = domain.replaceAll('.', '-')
  if (dashed.toLowerCase() === name.toLowerCase()) return { domain, domainSource: 'body' }
  return failed(`the body's domain ${JSON.stringify(domain)} is not the one in the key: look which of them is right`)
}

/** A registrable domain: dashes before the public suffix stay. Two suffixes that fit are two readings, and none is taken. */
function fromName(name) {
  if (heuristic !== 'heuristic')
    return failed('the body has no domain; --heuristic takes it from the key where that is clear')
  const labels = name.toLowerCase().split('-')
  const readings = labels.flatMap((_, at) => {
    const suffix = labels.slice(at).join('.')
    const isSuffix = at > 0 && !labels.slice(at).includes('') && isPublicSuffix(suffix)
    return isSuffix ? [`${labels.slice(0, at).join('-')}.${suffix}`] : []
  })
  if (readings.length === 1) return { domain: readings[0], domainSource: 'heuristic' }
  if (readings.length === 0) return failed('the body has no domain, and the key ends in no public suffix')
  return failed(`the body has no domain, and the key can be ${readings.join(' and ')}`)
}

function isPublicSuffix(suffix) {
  return [true, false].some((allowPrivateDomains) => {
    const { publicSuffix, isIcann, isPrivate } = parse(`x.${suffix}`, { allowPrivateDomains })
    return publicSuffix === suffix && (isIcann || isPrivate)
  })
}

function failed(message) {
  return { outcome: 'failed', error: { code: 'E_FIELD', message, retryable: false } }
}
