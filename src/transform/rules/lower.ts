import type { Rule } from './rule.ts'

export const lower: Rule = {
  name: 'lower',
  help: 'lower case',
  takes: 'key',
  apply: (text) => text.toLowerCase(),
  examples: [
    { text: 'indexes/EXAMPLE-com.json', gives: 'indexes/example-com.json' },
    { text: 'ÄÖ', gives: 'äö' },
    { text: 'a1', gives: 'a1' },
  ],
}
