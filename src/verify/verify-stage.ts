/** The work of verify on the stream. Holds the batches in flight. */
import type { Line } from '../record/line.ts'
import { addProof, hasVerdict, NO_VERDICT, setFields } from '../record/line.ts'
import type { Proof } from '../record/record.ts'
import { workByStores } from '../stage/by-stores.ts'
import type { Rate } from '../stage/rate.ts'
import type { Stage } from '../stage/stage.ts'
import type { AwsSettings } from '../store/contract.ts'
import type { Case, Verdict } from './case.ts'
import { examine } from './examine.ts'
import { subjectOf } from './subject.ts'

export interface VerifyOptions {
  readonly least: Proof | undefined
  /** the part of the records that is looked at, above 0 to 1 */
  readonly sample: number
  readonly onlyBad: boolean
  readonly concurrency: number | undefined
  readonly mtimeFields: readonly string[]
  readonly rate: Rate
  readonly aws?: AwsSettings
}

export function verifyStage(options: VerifyOptions): Stage {
  return (batches, context) =>
    workByStores<Case>(batches, context, {
      concurrency: options.concurrency,
      place(line) {
        const subject = subjectOf(line.open ?? line.record)
        if (subject === undefined) return line
        if (options.sample < 1 && context.random() >= options.sample) return withoutVerdict(line)
        return { item: { line, subject }, source: subject.source, dest: subject.dest }
      },
      firstLook: ({ subject }) => subject.from,
      refuse: ({ line }, error) => judged(line, { error }),
      async work({ items, source, dest }) {
        const verdicts = await examine(items, { source, dest, least: options.least }, context)
        return items.map(({ line }, at) => judged(line, verdicts[at] as Verdict))
      },
    })
}

/** A verdict takes the place of an earlier one, and of the error of an earlier look. */
function judged(line: Line, verdict: Verdict): Line {
  if (isUsual(verdict) && !hasVerdict(line)) {
    addProof(line, verdict.proof, verdict.digest)
    return line
  }
  const none = { ...NO_VERDICT, error: line.record.outcome === 'unknown' ? line.record.error : undefined }
  if ('gone' in verdict) setFields(line, { ...none, reason: 'gone' })
  else if ('error' in verdict) setFields(line, { ...none, verified: false, error: verdict.error.toFailure() })
  else setFields(line, { ...none, ...verdict })
  return line
}

function isUsual(verdict: Verdict): verdict is Verdict & { readonly proof: Proof; readonly digest: string } {
  return 'digest' in verdict && verdict.digest !== undefined && verdict.toDigest === undefined
}

/** A record that is not looked at has no verdict: an earlier one may be out of date. */
function withoutVerdict(line: Line): Line {
  setFields(line, NO_VERDICT)
  return line
}
