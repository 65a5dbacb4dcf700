/** Each rule is held against the table that stands beside it, and against the names that cocli's index really has. */
import { describe, expect, test } from 'vitest'
import { joinName, splitName } from '../../src/transform/key-name.ts'
import { RULES, ruleNamed, rulesText } from '../../src/transform/rules/rules.ts'
import { Unfit } from '../../src/transform/unfit.ts'

describe.each(RULES)('$name', ({ apply, examples }) => {
  test.each(examples)('$text with $value', ({ text, value, gives }) => {
    const made = apply(text, { key: text, ...(value === undefined ? {} : { value }) })
    if (gives === undefined) expect(made).toBeInstanceOf(Unfit)
    else expect(made).toBe(gives)
  })

  test('shows three cases or more, each once', () => {
    const cases = examples.map(({ text, value }) => JSON.stringify([text, value]))
    expect(cases.length).toBeGreaterThanOrEqual(3)
    expect(new Set(cases).size).toBe(cases.length)
  })
})

/** A domain, its key in the index of dashes, and its slug. */
const DOMAINS: readonly [domain: string, dashed: string, slug: string][] = [
  ['example.com', 'example-com', 'example.com'],
  ['my-site.co.uk', 'my-site-co-uk', 'my-site.co.uk'],
  ['my.site.co.uk', 'my-site-co-uk', 'my.site.co.uk'],
  ['EXAMPLE.com', 'EXAMPLE-com', 'example.com'],
  ['xn--mnchen-3ya.de', 'xn--mnchen-3ya-de', 'xn-mnchen-3ya.de'],
  ['a--b.com', 'a--b-com', 'a-b.com'],
  ['münchen.de', 'münchen-de', 'münchen.de'],
  ['example..com', 'example--com', 'example..com'],
  ['-lead.com', '-lead-com', 'lead.com'],
  ['example.com.', 'example-com-', 'example.com.'],
]

test.each(DOMAINS)('%s, from %s, to %s', (domain, dashed, slug) => {
  const [dedash, slugdotify] = [ruleNamed('dedash', ''), ruleNamed('slugdotify', '')]
  const key = `domains/${dashed}.json`
  expect(slugdotify.apply(domain, { key })).toBe(slug)
  expect(dedash.apply(key, { key, value: { domain } })).toBe(`domains/${domain}.json`)
})

test('slugify keeps the letters of ASCII alone', () => {
  expect(ruleNamed('slugify', '').apply('münchen.de', { key: '' })).toBe('m-nchen-de')
})

describe('the registry', () => {
  test('names are in order, each once', () => {
    const names = RULES.map(({ name }) => name)
    expect(names).toEqual([...new Set(names)].sort())
  })

  test('an unknown name is an error that names the flag and all rules', () => {
    const names = RULES.map(({ name }) => name).join(', ')
    expect(() => ruleNamed('upper', '--rule')).toThrow(`--rule: there is no rule "upper"; there are ${names}`)
  })

  test('the text has a line for every rule and every example', () => {
    const lines = rulesText().split('\n')
    expect(lines.filter((line) => /^\w+: /.test(line))).toEqual(RULES.map(({ name, help }) => `${name}: ${help}`))
    expect(lines.filter((line) => line.startsWith('  ')).length).toBe(RULES.flatMap((rule) => rule.examples).length)
  })
})

describe('a key in parts', () => {
  test.each([
    ['a/b.json', 'a/', 'b', '.json'],
    ['b.tar.gz', '', 'b.tar', '.gz'],
    ['a/.hidden', 'a/', '.hidden', ''],
    ['a.d/b', 'a.d/', 'b', ''],
    ['a/', 'a/', '', ''],
    ['', '', '', ''],
  ])('%s', (key, directory, name, extension) => {
    expect(splitName(key)).toEqual({ directory, name, extension })
    expect(joinName(splitName(key))).toBe(key)
  })
})
