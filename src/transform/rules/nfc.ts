import type { Rule } from './rule.ts'

export const nfc: Rule = {
  name: 'nfc',
  help: 'Unicode composed: u and its two dots as the one character ü, as most systems but macOS write it',
  takes: 'key',
  apply: (text) => text.normalize('NFC'),
  examples: [
    { text: 'mu\u0308nchen', gives: 'm\u00fcnchen' },
    { text: 'm\u00fcnchen', gives: 'm\u00fcnchen' },
    { text: 'abc', gives: 'abc' },
  ],
}
