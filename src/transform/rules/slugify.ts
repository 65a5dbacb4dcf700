import type { Rule } from './rule.ts'

/** The slug of cocli's current code: ASCII only, slashes kept. */
export const slugify: Rule = {
  name: 'slugify',
  help: 'lower case; each run of anything but a-z 0-9 / _ becomes one dash; no dash at either end',
  takes: 'name',
  apply: (text) =>
    text
      .toLowerCase()
      .replace(/[^a-z0-9/_]+/g, '-')
      .replace(/^-|-$/g, ''),
  examples: [
    { text: 'Acme Tools, Inc.', gives: 'acme-tools-inc' },
    { text: 'example.com', gives: 'example-com' },
    { text: 'my_site/A & B', gives: 'my_site/a-b', shows: 'underscore and slash stay' },
    { text: 'münchen.de', gives: 'm-nchen-de', shows: 'letters outside a-z go' },
    { text: '-lead.com', gives: 'lead-com' },
    { text: 'a--b', gives: 'a-b', shows: 'dashes collapse' },
    { text: '', gives: '' },
  ],
}
