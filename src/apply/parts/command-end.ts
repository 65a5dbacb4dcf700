/**
 * What the end of a part's command says. Pure.
 *
 * | it ended with | and has printed | that says |
 * |---|---|---|
 * | 0, 1 | records | `well`: the part is through |
 * | 0, 1, 2, 126, 127 | nothing | `usage`: it cannot be run as it is given, on this part or another |
 * | anything else, a signal | any | `failed`: it may go well the next time |
 *
 * 2 is what our tools say, and most others; 126 and 127 is what a shell says of a command that it may not run or does not
 * find. A pipeline ends with the code of its last command, which may find nothing wrong with an input that is empty. What
 * has printed records could be run.
 */
import { RekeyError } from '../../record/errors.ts'
import type { Ended } from '../../stage/command.ts'

const SILENT =
  'and has to print each record with what became of it (a pipeline hides what fails in it, unless bash -o pipefail runs it)'
const USAGE: Readonly<Record<number, string>> = {
  0: SILENT,
  1: SILENT,
  2: 'which says that it cannot be run as it is given',
  126: 'which says that it may not be executed',
  127: 'which says that there is no such command',
}

export function judgeEnd(ended: Ended, hasPrinted: boolean): 'well' | 'usage' | 'failed' {
  if (!('code' in ended)) return 'failed'
  if (!hasPrinted && ended.code in USAGE) return 'usage'
  return ended.code <= 1 ? 'well' : 'failed'
}

/** What the user is told of a command that has not ended well. */
export function endError(part: string, ended: Ended, hasPrinted: boolean): RekeyError {
  if (!('code' in ended)) return new RekeyError('E_COMMAND', `${part}: the command was ended by ${ended.signal}`)
  const how = `${part}: the command ended with exit code ${ended.code}`
  if (judgeEnd(ended, hasPrinted) === 'failed') return new RekeyError('E_COMMAND', how)
  return new RekeyError(
    'E_USAGE',
    `${how} before it printed anything, ${USAGE[ended.code]}; correct it and run this again: the part was left as it is, and no attempt counted`,
  )
}
