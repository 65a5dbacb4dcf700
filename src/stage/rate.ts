/** What --rate says: keys a second, and capacity units a second of a store that measures its use in them. Pure. */
import { RekeyError } from '../record/errors.ts'
import type { Arguments, Flag } from './tool.ts'
import { text } from './tool.ts'

export interface Rate {
  readonly ratePerSecond?: number
  readonly readUnitsPerSecond?: number
  readonly writeUnitsPerSecond?: number
}

/** Of tools that write. */
export const RATE_FLAG: Flag = {
  type: 'string',
  value: 'RATE',
  help: 'no more than N keys a second; 100rcu, 50wcu or 100rcu,50wcu: capacity units a second (DynamoDB)',
}

/** Of tools that only read. */
export const READ_RATE_FLAG: Flag = {
  type: 'string',
  value: 'Nrcu',
  help: 'no more than N read capacity units a second (DynamoDB)',
}

/** Throws E_USAGE. `takes` are the units that the tool knows; '' stands for keys. */
export function rateOf(args: Arguments, takes: readonly Unit[] = ['', 'rcu', 'wcu']): Rate {
  const given = text(args, 'rate')
  if (given === undefined) return {}
  const rate: { -readonly [Name in keyof Rate]: Rate[Name] } = {}
  for (const part of given.split(',')) {
    const [, number = '', unit = ''] = /^(\d{1,12}(?:\.\d+)?)(rcu|wcu)?$/i.exec(part.trim()) ?? []
    const name = NAMES[unit.toLowerCase() as Unit]
    if (!(Number(number) > 0) || !takes.includes(unit.toLowerCase() as Unit) || rate[name] !== undefined)
      throw new RekeyError('E_USAGE', `--rate takes ${wordsFor(takes)}; "${given}" is not that`)
    rate[name] = Number(number)
  }
  return rate
}

type Unit = '' | 'rcu' | 'wcu'

const NAMES = { '': 'ratePerSecond', rcu: 'readUnitsPerSecond', wcu: 'writeUnitsPerSecond' } as const

function wordsFor(takes: readonly Unit[]): string {
  return takes.includes('')
    ? 'a number of keys, as 200, of capacity units, as 100rcu or 50wcu, or several of these, as 200,100rcu'
    : 'a number of read capacity units, as 100rcu'
}
