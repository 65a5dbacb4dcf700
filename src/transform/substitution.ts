/**
 * `s/old/new/flags`: sed's form around a JavaScript regular expression. Pure.
 * Everything that JavaScript would quietly take for plain text, a group that is not there or `\1`, is an error here.
 */
import { RekeyError } from '../record/errors.ts'
import type { Renaming } from './renaming.ts'

const FLAGS = 'gimsuv'

export interface Substitution {
  readonly apply: (text: string) => string
  /** what is put in the place of what matched, as String.replace takes it: all characters that it can add to a text */
  readonly into: string
  /** present where all that it does is to put one prefix in the place of another */
  readonly renaming?: Renaming | undefined
}

/** Throws E_USAGE that names the flag, the expression and what is wrong. */
export function parseSubstitution(expression: string): Substitution {
  const { pattern, replacement, flags } = splitExpression(expression)
  for (const flag of flags) {
    if (!FLAGS.includes(flag))
      throw broken(expression, `there is no flag "${flag}"; the flags are ${[...FLAGS].join(' ')}`)
  }
  const regex = compile(expression, pattern, flags)
  const into = readReplacement(expression, replacement, groupsOf(pattern, flags))
  const renaming = readRenaming(pattern, into, flags)
  if (renaming !== undefined) return { apply: (text) => rename(text, renaming), into, renaming }
  return { apply: (text) => text.replace(regex, into), into }
}

function rename(text: string, { from, to }: Renaming): string {
  return text.startsWith(from) ? to + text.slice(from.length) : text
}

/** `^` and plain text: a prefix. */
const PREFIX = /^\^((?:[^\\^$.*+?()[\]{}|]|\\u[0-9a-f]{4}|\\[^\w\s])*)$/
const OTHER_PREFIXES = /[im]/

function readRenaming(pattern: string, into: string, flags: string): Renaming | undefined {
  const prefix = PREFIX.exec(pattern)?.[1]
  if (prefix === undefined || OTHER_PREFIXES.test(flags) || into.includes('$')) return undefined
  const from = prefix.replace(/\\(?:u(....)|(.))/gs, (_, hex: string | undefined, char: string) =>
    hex === undefined ? char : String.fromCharCode(Number.parseInt(hex, 16)),
  )
  return from.isWellFormed() && into.isWellFormed() ? { from, to: into } : undefined
}

interface Expression {
  readonly pattern: string
  readonly replacement: string
  readonly flags: string
}

function splitExpression(expression: string): Expression {
  const delimiter = expression.slice(1, 1 + ((expression.codePointAt(1) ?? 0) > 0xffff ? 2 : 1))
  if (expression[0] !== 's' || delimiter === '' || delimiter === '\\' || delimiter === '\n') {
    throw broken(expression, "it must have the form 's/old/new/flags'; any other character can stand for the /")
  }
  const start = 1 + delimiter.length
  const patternEnd = endOfPattern(expression, start, delimiter)
  if (patternEnd === -1) throw broken(expression, `the second "${delimiter}" is missing`)
  const replacementStart = patternEnd + delimiter.length
  const replacementEnd = endOfReplacement(expression, replacementStart, delimiter)
  if (replacementEnd === -1) throw broken(expression, `the third "${delimiter}" is missing`)
  return {
    pattern: plainDelimiter(expression.slice(start, patternEnd), delimiter, escaped(delimiter)),
    replacement: plainDelimiter(expression.slice(replacementStart, replacementEnd), delimiter, delimiter),
    flags: expression.slice(replacementEnd + delimiter.length),
  }
}

/** Within brackets the delimiter is a character like any other, as in `s/[^/]*$/x/`. */
function endOfPattern(expression: string, start: number, delimiter: string): number {
  let inBrackets = false
  for (let at = start; at < expression.length; at++) {
    const char = expression[at]
    if (char === '\\') at++
    else if (!inBrackets && expression.startsWith(delimiter, at)) return at
    else if (char === '[') inBrackets = true
    else if (char === ']') inBrackets = false
  }
  return -1
}

function endOfReplacement(expression: string, start: number, delimiter: string): number {
  for (let at = start; at < expression.length; at++) {
    if (expression[at] === '\\') at++
    else if (expression.startsWith(delimiter, at)) return at
  }
  return -1
}

/** A delimiter behind a backslash stands for itself. */
function plainDelimiter(text: string, delimiter: string, plain: string): string {
  return text.replace(/\\(.)/gsu, (pair, char) => (char === delimiter ? plain : pair))
}

/** Any character as a regular expression has it literally, in brackets too and under every flag. */
function escaped(char: string): string {
  return [...char.split('')].map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')
}

function compile(expression: string, pattern: string, flags: string): RegExp {
  try {
    return new RegExp(pattern, flags)
  } catch (error) {
    const reason = (error as Error).message.replace(/^Invalid regular expression: /, '')
    throw broken(expression, `${reason.slice(reason.lastIndexOf(': ') + 1).trim()}`)
  }
}

interface Groups {
  readonly count: number
  readonly names: readonly string[]
}

function groupsOf(pattern: string, flags: string): Groups {
  const match = new RegExp(`(?:${pattern})|`, flags).exec('')
  return { count: (match?.length ?? 1) - 1, names: Object.keys(match?.groups ?? {}) }
}

/** The replacement as String.replace takes it: sed's escapes read, every group checked. */
function readReplacement(expression: string, replacement: string, groups: Groups): string {
  const unescaped = replacement.replace(/\\(.?)/gsu, (_, char: string) => readEscape(expression, char))
  for (const [, reference = ''] of unescaped.matchAll(/\$(\$|\d\d?|<[^>]*>?)/g)) {
    if (reference !== '$') checkReference(expression, reference, groups)
  }
  return unescaped
}

function readEscape(expression: string, char: string): string {
  if (char === '\\') return '\\'
  if (char === 'n') return '\n'
  if (char === 't') return '\t'
  if (/\d/.test(char))
    throw broken(expression, `write ${char === '0' ? '$&' : `$${char}`} for the group, not \\${char}`)
  throw broken(expression, `"\\${char}" means nothing in what it is replaced by; a backslash is written \\\\`)
}

function checkReference(expression: string, reference: string, { count, names }: Groups): void {
  if (reference.startsWith('<')) {
    if (names.includes(reference.slice(1, -1))) return
    const known = names.length === 0 ? 'the expression names no groups' : `there are ${names.join(', ')}`
    throw broken(expression, `there is no group $${reference}; ${known}`)
  }
  const [first, both] = [Number(reference[0]), Number(reference)]
  if ((both >= 1 && both <= count) || (first >= 1 && first <= count)) return
  if (both === 0) throw broken(expression, 'write $& for all that matched, not $0')
  const known = count === 1 ? 'there is one group' : `there are ${count} groups`
  throw broken(expression, `there is no group $${reference}; ${known}, and a dollar sign is written $$`)
}

function broken(expression: string, problem: string): RekeyError {
  return new RekeyError('E_USAGE', `--sub ${JSON.stringify(expression)}: ${problem}`)
}
