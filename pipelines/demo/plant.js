// Writes real domain names as the old index had them: indexes/domains/<name with dots as dashes>.json, each with a body
// that holds the domain. Where two names come to one dashed key, the last one has overwritten the other, as it did then.
// Two files are there that every such index has: a second body of a domain under search.json, and one without a domain.
// usage: plant.js DIRECTORY COUNT
import { mkdirSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

const [directory, count] = process.argv.slice(2)
const names = createRequire(import.meta.url)('disposable-email-domains')
const index = join(directory, 'indexes', 'domains')
const step = Math.floor(names.length / Number(count))

mkdirSync(index, { recursive: true })
for (let at = 0; at < Number(count); at++) {
  const domain = names[at * step]
  const body = {
    domain,
    company_name: null,
    tags: ['demo'],
    scraper_version: 6,
    created_at: '2026-01-05T10:00:00.123456',
  }
  writeFileSync(join(index, `${domain.replaceAll('.', '-')}.json`), JSON.stringify(body))
}

const twin = names[0]
mkdirSync(join(index, twin.replaceAll('.', '-')))
writeFileSync(join(index, twin.replaceAll('.', '-'), 'search.json'), JSON.stringify({ domain: twin }))
writeFileSync(join(index, 'datapackage.json'), JSON.stringify({ name: 'domains' }))
