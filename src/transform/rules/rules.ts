/** The rules by their names. A new one is a file, a row here, and nothing else. */
import { RekeyError } from '../../record/errors.ts'
import { dedash } from './dedash.ts'
import { lower } from './lower.ts'
import { nfc } from './nfc.ts'
import type { Rule, RuleExample } from './rule.ts'
import { slugdotify } from './slugdotify.ts'
import { slugify } from './slugify.ts'

export const RULES: readonly Rule[] = [dedash, lower, nfc, slugdotify, slugify]

/** The rule of this name. Throws E_USAGE; `where` names the flag in which it stands. */
export function ruleNamed(name: string, where: string): Rule {
  const rule = RULES.find((candidate) => candidate.name === name)
  if (rule !== undefined) return rule
  const names = RULES.map((known) => known.name).join(', ')
  throw new RekeyError('E_USAGE', `${where}: there is no rule "${name}"; there are ${names}`)
}

/** Every rule with its line and its table, for `--list-rules`. */
export function rulesText(): string {
  return RULES.map((rule) => `${rule.name}: ${rule.help}\n${table(rule.examples)}`).join('\n')
}

function table(examples: readonly RuleExample[]): string {
  return examples.map((example) => `  ${exampleText(example)}\n`).join('')
}

function exampleText({ text, value, gives, shows }: RuleExample): string {
  const given = value === undefined ? '' : ` with ${JSON.stringify(value)}`
  const result = gives === undefined ? 'fails' : JSON.stringify(gives)
  return `${JSON.stringify(text)}${given} -> ${result}${shows === undefined ? '' : `   (${shows})`}`
}
