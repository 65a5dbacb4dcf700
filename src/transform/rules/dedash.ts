/**
 * The dashed key of a domain back to its dots. That cannot be read off the key, my-site-co-uk may be my-site.co.uk and
 * my.site.co.uk, so the body's `domain` says it; where that does not fit the key, nothing is guessed.
 */
import type { KeyRecord } from '../../record/record.ts'
import { joinName, splitName } from '../key-name.ts'
import { Unfit } from '../unfit.ts'
import type { Rule } from './rule.ts'

const TWIN = 'search'

export const dedash: Rule = {
  name: 'dedash',
  help: "a domain's dashed name becomes the domain that the body (value.domain) has; list with --values",
  takes: 'key',
  apply(text, record) {
    const domain = bodyDomain(record)
    if (domain instanceof Unfit) return domain
    const { directory, name, extension } = splitName(text)
    if (equals(name, domain)) return text
    if (equals(name, dashed(domain))) return joinName({ directory, name: domain, extension })
    if (name === TWIN && extension !== '') {
      const parent = splitName(directory.slice(0, -1), '')
      if (equals(parent.name, dashed(domain))) return joinName({ ...parent, name: domain, extension })
    }
    return new Unfit(
      `rule dedash: the body's domain ${JSON.stringify(domain)} would be dashed to ${JSON.stringify(dashed(domain))}, ` +
        'which is not the name in the key; give this key its new one by --map',
    )
  },
  examples: [
    { text: 'd/example-com.json', value: { domain: 'example.com' }, gives: 'd/example.com.json' },
    { text: 'd/my-site-co-uk.json', value: { domain: 'my-site.co.uk' }, gives: 'd/my-site.co.uk.json' },
    { text: 'd/my-site-co-uk.json', value: { domain: 'my.site.co.uk' }, gives: 'd/my.site.co.uk.json' },
    { text: 'd/EXAMPLE-com.json', value: { domain: 'example.com' }, gives: 'd/example.com.json' },
    { text: 'd/xn--mnchen-3ya-de.json', value: { domain: 'xn--mnchen-3ya.de' }, gives: 'd/xn--mnchen-3ya.de.json' },
    { text: 'd/example-com-.json', value: { domain: 'example.com.' }, gives: 'd/example.com..json' },
    {
      text: 'd/example-com/search.json',
      value: { domain: 'example.com' },
      gives: 'd/example.com.json',
      shows: 'its twin d/example-com.json goes there too: a collision, for --on-collision to decide',
    },
    {
      text: 'd/example.com.json',
      value: { domain: 'example.com' },
      gives: 'd/example.com.json',
      shows: 'has its dots already',
    },
    { text: 'd/example-com.json', value: { domain: 'other.com' }, shows: 'does not fit: nothing is guessed' },
    { text: 'd/my.site-co-uk.json', value: { domain: 'my-site.co.uk' }, shows: 'half dashed fits neither' },
    { text: 'd/datapackage.json', value: { name: 'domains' }, shows: 'no domain' },
    { text: 'd/example-com.json', shows: 'listed without --values' },
  ],
}

function bodyDomain(record: KeyRecord): string | Unfit {
  const { value } = record
  if (value === undefined && record.value64 === undefined) {
    return new Unfit('rule dedash needs value.domain and the record has no value: list with list-keys --values')
  }
  const domain = typeof value === 'object' && value !== null ? (value as { domain?: unknown }).domain : undefined
  if (typeof domain === 'string' && domain !== '') return domain
  return new Unfit('rule dedash needs value.domain, and the body has no text there')
}

function dashed(domain: string): string {
  return domain.replaceAll('.', '-')
}

function equals(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}
