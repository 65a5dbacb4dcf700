import type { Rule } from './rule.ts'

/** The slug of cocli's domain index: dots stay, and letters and digits are those of Unicode, as in Python's `\w`. */
export const slugdotify: Rule = {
  name: 'slugdotify',
  help: 'lower case; each run of anything but letters, digits, _ and . becomes one dash; no dash at either end',
  takes: 'name',
  apply: (text) =>
    text
      .toLowerCase()
      .replace(/[^\p{L}\p{N}_.]+/gu, '-')
      .replace(/^-|-$/g, ''),
  examples: [
    { text: 'example.com', gives: 'example.com' },
    { text: 'my-site.co.uk', gives: 'my-site.co.uk' },
    { text: 'my.site.co.uk', gives: 'my.site.co.uk', shows: 'the dashed keys of these two were one' },
    { text: 'EXAMPLE.com', gives: 'example.com' },
    { text: 'xn--mnchen-3ya.de', gives: 'xn-mnchen-3ya.de', shows: 'punycode loses a dash' },
    { text: 'a--b.com', gives: 'a-b.com', shows: 'and so collides with a-b.com' },
    { text: 'münchen.de', gives: 'münchen.de', shows: 'letters of any script stay' },
    { text: 'example..com', gives: 'example..com' },
    { text: '-lead.com', gives: 'lead.com', shows: 'collides with lead.com' },
    { text: 'example.com.', gives: 'example.com.' },
    { text: 'Acme Tools', gives: 'acme-tools' },
  ],
}
