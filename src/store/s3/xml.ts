/**
 * Reads the XML of S3's answers: flat elements without attributes that matter, found by indexOf. Not an XML parser:
 * of what a server may send only the elements that are asked for are looked at.
 */

/** The text of the first element of this name behind `from`, as it stands there; undefined when there is none. */
export function tag(text: string, name: string, from = 0): string | undefined {
  const open = `<${name}>`
  const start = text.indexOf(open, from)
  if (start === -1) return undefined
  const end = text.indexOf(`</${name}>`, start)
  return end === -1 ? undefined : text.slice(start + open.length, end)
}

/** The texts of all elements of this name, in their order. */
export function tags(text: string, name: string): string[] {
  const found: string[] = []
  const open = `<${name}>`
  const close = `</${name}>`
  for (let at = text.indexOf(open); at !== -1; ) {
    const start = at + open.length
    const end = text.indexOf(close, start)
    if (end === -1) break
    found.push(text.slice(start, end))
    at = text.indexOf(open, end + close.length)
  }
  return found
}

export function unescapeXml(text: string): string {
  return text.includes('&') ? text.replace(REFERENCE, character) : text
}

const REFERENCE = /&(?:#x([0-9a-f]+)|#([0-9]+)|(lt|gt|amp|quot|apos));/gi
const NAMED: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }

function character(whole: string, hex: string | undefined, decimal: string | undefined, name: string): string {
  if (name !== undefined) return NAMED[name.toLowerCase()] ?? whole
  const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)
  return code <= 0x10ffff ? String.fromCodePoint(code) : whole
}

/** Text as it stands in an element. Control characters are written as references, which XML 1.1 and S3 take. */
export function escapeXml(text: string): string {
  return text.replace(SPECIAL, (letter) => `&#${letter.charCodeAt(0)};`)
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is to be replaced
const SPECIAL = /[\x00-\x1f&<>"']/g
