/**
 * Whether a server takes a checksum with what is written. None says so beforehand, so the first write tells: whoever keeps
 * it names it in the answer, others ignore it, and some refuse the request for it. MD5 goes along in any case. Holds a bit.
 */
import { errorCode } from './classify.ts'
import type { Reply } from './request.ts'

export class ChecksumOffer {
  #isTaken = true

  /** true until a write has shown that it is not so */
  get isTaken(): boolean {
    return this.#isTaken
  }

  /** Learns from the answer to a write that had a checksum. True where it is worth writing again without one. */
  learn(reply: Reply, named: string | undefined): boolean {
    const isRefused = isRefusal(reply)
    if (isRefused || (reply.status < 300 && named === undefined)) this.#isTaken = false
    return isRefused
  }
}

/** Whether it may be a header that has been refused; what else has been is refused again without it. */
function isRefusal(reply: Reply): boolean {
  return reply.status === 501 || (reply.status === 400 && REFUSALS.has(errorCode(reply) ?? ''))
}

/** What servers say to a header that they do not know. */
const REFUSALS = new Set(['NotImplemented', 'InvalidRequest', 'InvalidArgument', 'UnsupportedHeader'])
