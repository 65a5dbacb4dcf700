/**
 * Finds the top-level members of a JSON object in its text, without parsing the values.
 * The text must be one that JSON.parse takes; anything else gives spans without meaning.
 */

export interface MemberSpan {
  readonly name: string
  /** index of the quote that opens the name */
  readonly nameStart: number
  readonly valueStart: number
  /** index behind the value's last character, white space not included */
  readonly valueEnd: number
}

const QUOTE = 0x22
const BACKSLASH = 0x5c

/** The members of the object that `text` is, in their order; a name that stands twice comes twice. */
export function memberSpans(text: string): MemberSpan[] {
  const spans: MemberSpan[] = []
  let at = skipSpace(text, text.indexOf('{') + 1)
  while (text.charCodeAt(at) === QUOTE) {
    const nameStart = at
    const nameEnd = endOfString(text, at)
    const valueStart = skipSpace(text, skipSpace(text, nameEnd) + 1)
    const valueEnd = endOfValue(text, valueStart)
    spans.push({ name: JSON.parse(text.slice(nameStart, nameEnd)), nameStart, valueStart, valueEnd })
    at = skipSpace(text, valueEnd)
    if (text.charAt(at) !== ',') break
    at = skipSpace(text, at + 1)
  }
  return spans
}

function endOfValue(text: string, start: number): number {
  const first = text.charAt(start)
  if (first === '"') return endOfString(text, start)
  if (first === '{' || first === '[') return endOfNested(text, start)
  let at = start
  while (at < text.length && !' \t\r\n,}]'.includes(text.charAt(at))) at++
  return at
}

function endOfNested(text: string, start: number): number {
  let depth = 0
  for (let at = start; at < text.length; at++) {
    const char = text.charAt(at)
    if (char === '"') at = endOfString(text, at) - 1
    else if (char === '{' || char === '[') depth++
    else if ((char === '}' || char === ']') && --depth === 0) return at + 1
  }
  return text.length
}

/** Index behind the closing quote of the string that opens at `start`. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === BACKSLASH) at++
    else if (code === QUOTE) return at + 1
  }
  return text.length
}

function skipSpace(text: string, start: number): number {
  let at = start
  while (at < text.length && ' \t\r\n'.includes(text.charAt(at))) at++
  return at
}
