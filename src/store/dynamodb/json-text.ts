/** JSON text read so that no number loses a digit and no member vanishes. Pure. */
import { countMembers } from '../value.ts'
import { canonicalNumber } from './number.ts'

/**
 * The value of a JSON text, in which a number that a double does not hold stands as `{"$number":"its text"}`. Undefined
 * for what is no JSON, or has an object with two members of one name.
 */
export function parseExactly(text: string): unknown {
  let value: unknown
  let members = 0
  try {
    value = JSON.parse(text)
    const exact = text.replace(TOKENS, (token) => {
      if (token === ':') members++
      return token.charCodeAt(0) === QUOTE || token === ':' || isHeld(token) ? token : `{"$number":"${token}"}`
    })
    if (members !== countMembers(value)) return undefined
    return exact === text ? value : JSON.parse(exact)
  } catch {
    return undefined
  }
}

function isHeld(token: string): boolean {
  return canonicalNumber(token) === canonicalNumber(String(Number(token)))
}

const QUOTE = 0x22
/** strings, colons between them, numbers */
const TOKENS = /"[^"\\]*(?:\\.[^"\\]*)*"|:|-?\d[\d.eE+-]*/g
