/** What the flags make of a key: map, template, sub and rule, in this order, whatever their order on the command line. */
import type { Key } from '../record/key.ts'
import type { Line } from '../record/line.ts'
import { isPlainText } from '../record/line.ts'
import { keyField } from './key-field.ts'
import { joinName, splitName } from './key-name.ts'
import type { Rule } from './rules/rule.ts'
import type { Substitution } from './substitution.ts'
import type { Template } from './template.ts'
import { Unfit } from './unfit.ts'

export interface Rewriting {
  /** the attribute of a key of several that all is done to; the whole key when absent */
  readonly field?: string | undefined
  /** from the key so far to the new one; undefined for a key that it leaves as it is */
  readonly map?: ((key: Key) => Key | undefined) | undefined
  readonly template?: Template | undefined
  readonly subs: readonly Substitution[]
  readonly rules: readonly Rule[]
}

/** Whether a key in which JSON has nothing to escape becomes one that has nothing either, whatever the key. */
export function keepsPlain({ field, map, template, subs, rules }: Rewriting): boolean {
  const onlySubs = field === undefined && map === undefined && template === undefined && rules.length === 0
  return onlySubs && subs.every(({ into }) => isPlainText(into))
}

/** The new key, which may be the old one. Pure. */
export function newKey(rewriting: Rewriting, key: Key, line: Line): Key | Unfit {
  if (rewriting.field === undefined) return newText(rewriting, key, line)
  const field = keyField(key, rewriting.field)
  if (field instanceof Unfit) return field
  const made = newText(rewriting, field.text, line)
  if (made instanceof Unfit) return made
  return typeof made === 'string' ? field.withText(made) : new Unfit('--field: --map names bytes, and it is text')
}

function newText(rewriting: Rewriting, key: Key, line: Line): Key | Unfit {
  const { map, template, subs, rules } = rewriting
  const mapped = map?.(key) ?? key
  const made = template === undefined ? mapped : template(mapped, line)
  if (made instanceof Unfit) return made
  if (subs.length === 0 && rules.length === 0) return checked(made, key)
  if (typeof made !== 'string') {
    return new Unfit('the key is not text, and --sub and --rule are for text: give its new key by --map')
  }
  let text = made
  for (const sub of subs) text = sub.apply(text)
  for (const rule of rules) {
    const ruled = applyToKey(rule, text, line)
    if (ruled instanceof Unfit) return ruled
    text = ruled
  }
  return checked(text, key)
}

function applyToKey(rule: Rule, key: string, line: Line): string | Unfit {
  if (rule.takes === 'key') return rule.apply(key, line.record)
  const parts = splitName(key)
  const name = rule.apply(parts.name, line.record)
  if (name instanceof Unfit) return name
  return name === '' ? new Unfit(`rule ${rule.name} leaves nothing of the name`) : joinName({ ...parts, name })
}

function checked(made: Key, key: Key): Key | Unfit {
  if (made.length === 0) return new Unfit('the new key is empty')
  if (typeof made === 'string' && made !== key && !made.isWellFormed()) {
    return new Unfit('the new key has half a character: give --sub the flag u')
  }
  return made
}
