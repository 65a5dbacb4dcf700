/**
 * Which checksums a server takes with what is written. None says so beforehand, so the first write tells: whoever keeps one
 * names it in the answer, others ignore it, and some refuse the request for it. MD5 goes along in any case. Holds what was
 * declined.
 */
import type { Algorithm } from './checksum.ts'
import { errorCode } from './classify.ts'
import type { Reply } from './request.ts'

/** R2 takes a CRC32 of what is written in one request, and none of the whole of what is written in parts. */
type Way = 'at once' | 'in parts'

export class ChecksumOffer {
  readonly #declined = new Set<string>()

  /** The one that is wanted, CRC32 where that was declined or none is wanted, undefined where CRC32 was declined too. */
  choose(way: Way, wanted: Algorithm = 'crc32'): Algorithm | undefined {
    return [wanted, 'crc32' as const].find((algorithm) => !this.#declined.has(`${way} ${algorithm}`))
  }

  /** Learns from the answer to a write that had a checksum. True where it is worth writing again with what is chosen then. */
  learn(way: Way, algorithm: Algorithm, reply: Reply, named: string | undefined): boolean {
    const isRefused = isRefusal(reply)
    if (isRefused || (reply.status < 300 && named === undefined)) this.#declined.add(`${way} ${algorithm}`)
    return isRefused
  }
}

/** Whether it may be a header that has been refused; what else has been is refused again without it. */
function isRefusal(reply: Reply): boolean {
  return reply.status === 501 || (reply.status === 400 && REFUSALS.has(errorCode(reply) ?? ''))
}

/** What servers say to a header that they do not know. */
const REFUSALS = new Set(['NotImplemented', 'InvalidRequest', 'InvalidArgument', 'UnsupportedHeader'])
