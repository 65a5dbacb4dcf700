/** What is kept of a finished part, and printed: a record about the part's key. */
import { createHash } from 'node:crypto'
import { decode } from '../../record/decode.ts'
import type { RekeyError } from '../../record/errors.ts'
import type { KeyRecord } from '../../record/record.ts'
import type { PartInput } from './part-input.ts'
import { RecordSum } from './record-sum.ts'

/**
 * How many lines the part has, its journal has, by outcome, how many records the journal does not account for, and, where
 * there are any, how many of its lines are about no record of the part, or about one a second time.
 */
export interface Counts {
  readonly in: number
  readonly out: number
  readonly missing: number
  readonly extra?: number
  readonly [outcome: string]: number | undefined
}

export interface Witness extends KeyRecord {
  readonly part: string
  readonly host: string
  readonly worker: string
  readonly token: number
  /** `sha256:hex` of the part */
  readonly digest?: string
  readonly counts?: Counts
  /** the journal's key, and the same of its content */
  readonly journal?: string
  readonly journalDigest?: string
  /** how often it has failed, a holder that has fallen silent included; absent where it has not */
  readonly attempts?: number
  readonly started: string
  readonly ended: string
}

export interface JournalCounts {
  readonly counts: Counts
  readonly digest: string
  readonly bytes: number
}

/** Counts a whole journal against its part; reads it once, and once more where the two have not the same records. */
export async function countJournal(read: () => AsyncIterable<Uint8Array>, part: PartInput): Promise<JournalCounts> {
  const hash = createHash('sha256')
  const outcomes: Record<string, number> = {}
  const sum = new RecordSum()
  let bytes = 0
  const hashed = async function* () {
    for await (const chunk of read()) {
      hash.update(chunk)
      bytes += chunk.length
      yield chunk
    }
  }
  for await (const batch of decode(hashed())) {
    sum.addAll(batch)
    for (const line of batch) {
      const word = (line.open ?? line.record).outcome ?? 'open'
      outcomes[word] = (outcomes[word] ?? 0) + 1
    }
  }
  const { missing, extra } = sum.equals(part.sum) ? { missing: 0, extra: 0 } : await difference(read(), part)
  const counts = { in: part.sum.count, out: sum.count, ...outcomes, missing, ...(extra > 0 && { extra }) }
  return { counts, digest: `sha256:${hash.digest('hex')}`, bytes }
}

async function difference(journal: AsyncIterable<Uint8Array>, part: PartInput) {
  const accounts = await part.accounts()
  let extra = 0
  for await (const batch of decode(journal)) {
    for (const line of batch) if (!accounts.settle(line.open ?? line.record)) extra++
  }
  return { missing: accounts.open, extra }
}

/** Whether a finished part has records that failed, of which nothing is known, or that have no line, or not one. */
export function hasBadRecords({ counts }: Partial<Witness>): boolean {
  if (counts === undefined) return false
  const { failed = 0, unknown = 0, missing, extra = 0 } = counts as Counts & { failed?: number; unknown?: number }
  return failed + unknown + missing + extra > 0
}

export function setAside(witness: Omit<Witness, 'outcome'>, error: RekeyError): Witness {
  return { ...witness, outcome: 'failed', error: error.toFailure() }
}
