/**
 * Runs Lua scripts by their SHA-1, sending the text to a server that does not have it. Knows once it was told that the
 * user may not run scripts, so that the other way is taken from then on.
 */
import { createHash } from 'node:crypto'
import { RekeyError } from '../../record/errors.ts'
import type { Key } from '../../record/key.ts'
import { isUnknownCommand } from './classify.ts'
import type { Answer, Argument, Request } from './connection.ts'
import type { Servers } from './servers.ts'
import { sendByKey, sendSoon } from './servers.ts'

export interface Script {
  readonly lua: string
  readonly sha: string
}

/** What a script is run on: its keys, which must be of one slot, and its arguments. */
export interface Run {
  readonly keys: readonly Key[]
  readonly args: readonly Argument[]
}

export function script(lua: string): Script {
  return { lua, sha: createHash('sha1').update(lua).digest('hex') }
}

export class Scripts {
  readonly #servers: Servers
  /** false once a server has refused EVALSHA or EVAL */
  #allowed = true

  constructor(servers: Servers) {
    this.#servers = servers
  }

  get allowed(): boolean {
    return this.#allowed
  }

  /** One answer per run, in order; never throws. */
  async run(lua: Script, runs: readonly Run[], signal: AbortSignal): Promise<readonly Answer[]> {
    const answers = [...(await this.#send('EVALSHA', lua.sha, runs, signal))]
    const unknown = [...answers.keys()].filter((at) => isNoScript(answers[at]))
    // The server has run nothing of these, so that this sends nothing twice.
    const again = await this.#send(
      'EVAL',
      lua.lua,
      unknown.map((at) => runs[at] as Run),
      signal,
    )
    unknown.forEach((at, nth) => {
      answers[at] = again[nth] as Answer
    })
    if (answers.some(isRefused)) this.#allowed = false
    return answers
  }

  /** Runs on one key, together with the other calls of this turn. Never throws. */
  async runSoon(lua: Script, key: Key, signal: AbortSignal): Promise<Answer> {
    const [answer] = await sendSoon(this.#servers, key, [['EVALSHA', lua.sha, '1', key]], signal)
    if (isNoScript(answer)) return (await this.run(lua, [{ keys: [key], args: [] }], signal))[0] as Answer
    if (answer !== undefined && isRefused(answer)) this.#allowed = false
    return answer ?? null
  }

  #send(command: string, what: string, runs: readonly Run[], signal: AbortSignal) {
    const firsts = runs.map((run) => run.keys[0] as Key)
    const requests = runs.map(({ keys, args }): Request => [command, what, String(keys.length), ...keys, ...args])
    return sendByKey(this.#servers, firsts, requests, signal)
  }
}

/** Whether a script could not do its work for want of a permission or a command, so that plain commands may. */
export function cannotScript(answer: Answer | undefined): boolean {
  return answer instanceof RekeyError && (answer.code === 'E_DENIED' || isUnknownCommand(answer))
}

function isNoScript(answer: Answer | undefined): boolean {
  return answer instanceof RekeyError && /NOSCRIPT/.test(answer.message)
}

function isRefused(answer: Answer): boolean {
  return answer instanceof RekeyError && answer.code === 'E_DENIED' && /run EVAL/.test(answer.message)
}
