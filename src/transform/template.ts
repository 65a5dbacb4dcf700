/**
 * `indexes/{value.domain|slugdotify}.json`: a new key out of a record's fields. Pure.
 * A number is taken to the letter from the line, so that 12345678901234567890 stays what it is.
 */
import { RekeyError } from '../record/errors.ts'
import type { Key } from '../record/key.ts'
import type { Line } from '../record/line.ts'
import { numberText } from './field-path.ts'
import type { Rule } from './rules/rule.ts'
import { ruleNamed } from './rules/rules.ts'
import { Unfit } from './unfit.ts'

/** A template as a function: `key` is the key as far as it has been rewritten, which is what `{key}` stands for. */
export type Template = (key: Key, line: Line) => string | Unfit

interface Field {
  readonly path: readonly string[]
  readonly rules: readonly Rule[]
}

type Piece = string | Field

/** Throws E_USAGE for an unknown rule, an empty field and braces that do not pair. */
export function parseTemplate(template: string): Template {
  const pieces = readPieces(template)
  return (key, line) => {
    let text = ''
    for (const piece of pieces) {
      const part = typeof piece === 'string' ? piece : fill(piece, key, line)
      if (part instanceof Unfit) return part
      text += part
    }
    return text
  }
}

function readPieces(template: string): readonly Piece[] {
  const pieces: Piece[] = []
  for (const [token, doubled, field] of template.matchAll(/(\{\{|\}\})|\{([^{}]*)\}|[{}]|[^{}]+/g)) {
    if (doubled !== undefined) pieces.push(doubled[0] as string)
    else if (field !== undefined) pieces.push(readField(template, field))
    else if (token === '{' || token === '}') {
      throw broken(template, `a "${token}" stands alone; write ${token}${token} for one that is meant as such`)
    } else pieces.push(token)
  }
  return pieces
}

function readField(template: string, text: string): Field {
  const [path = '', ...rules] = text.split('|').map((word) => word.trim())
  const names = path.split('.')
  if (names.includes('')) throw broken(template, `{${text}} names no field; write {key} or {value.domain}`)
  return { path: names, rules: rules.map((name) => ruleNamed(name, `--template ${JSON.stringify(template)}`)) }
}

function fill({ path, rules }: Field, key: Key, line: Line): string | Unfit {
  let text = fieldText(path, key, line)
  for (const rule of rules) {
    if (text instanceof Unfit) return text
    text = rule.apply(text, line.record)
  }
  return text === '' ? new Unfit(`{${path.join('.')}} of --template comes to nothing`) : text
}

function fieldText(path: readonly string[], key: Key, line: Line): string | Unfit {
  if (path.length === 1 && path[0] === 'key') {
    return typeof key === 'string' ? key : new Unfit('{key} of --template: the key is not text; give it by --map')
  }
  let value: unknown = line.record
  for (const name of path) {
    if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.hasOwn(value, name)) {
      return new Unfit(`{${path.join('.')}} of --template: the record has no such field${hint(path, line)}`)
    }
    value = (value as Record<string, unknown>)[name]
  }
  if (typeof value === 'string') return value
  if (typeof value === 'number') return numberText(path, line.text)
  return new Unfit(`{${path.join('.')}} of --template must be text or a number`)
}

function hint(path: readonly string[], { record }: Line): string {
  if (path[0] !== 'value' || record.value !== undefined) return ''
  return record.value64 === undefined ? '; list with list-keys --values' : '; the content is not text'
}

function broken(template: string, problem: string): RekeyError {
  return new RekeyError('E_USAGE', `--template ${JSON.stringify(template)}: ${problem}`)
}
