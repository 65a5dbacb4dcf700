/** The work of verify on the stream. Holds the batches in flight. */
import type { Line } from '../record/line.ts'
import { setFields } from '../record/line.ts'
import type { Proof } from '../record/record.ts'
import { KeyLimit } from '../stage/key-limit.ts'
import { parallel } from '../stage/parallel.ts'
import type { Context, Stage } from '../stage/stage.ts'
import type { StoreGroup } from '../stage/store-groups.ts'
import { StoreGroups } from '../stage/store-groups.ts'
import type { Case, Verdict } from './examine.ts'
import { examine } from './examine.ts'
import { subjectOf } from './subject.ts'

export interface VerifyOptions {
  readonly least: Proof | undefined
  /** the part of the records that is looked at, above 0 to 1 */
  readonly sample: number
  readonly onlyBad: boolean
  readonly concurrency: number | undefined
  readonly mtimeFields: readonly string[]
}

export function verifyStage(options: VerifyOptions): Stage {
  return async function* (batches, context) {
    const limit = new KeyLimit(options.concurrency)
    const groups = casesOf(batches, options.sample, limit, context)
    yield* parallel(
      groups,
      () => limit.batches,
      context.stop,
      async (group) => {
        if ('passing' in group) return group.passing
        const { items, source, dest } = group
        const verdicts = await examine(items, { source, dest, least: options.least }, context)
        return items.map(({ line }, at) => judged(line, verdicts[at] as Verdict))
      },
    )
  }
}

async function* casesOf(
  batches: AsyncIterable<readonly Line[]>,
  sample: number,
  limit: KeyLimit,
  context: Context,
): AsyncGenerator<StoreGroup<Case> | { readonly passing: readonly Line[] }> {
  for await (const batch of batches) {
    const passing: Line[] = []
    const groups = new StoreGroups<Case>()
    for (const line of batch) {
      const subject = subjectOf(line.record)
      if (subject === undefined || (sample < 1 && context.random() >= sample)) passing.push(line)
      else groups.add({ line, subject }, subject.source, subject.dest)
    }
    yield* groups.open(
      context,
      (dest) => limit.sizeFor(dest),
      (cases, error) => {
        passing.push(...cases.map(({ line }) => judged(line, { error })))
      },
    )
    if (passing.length > 0) yield { passing }
  }
}

/** A verdict takes the place of an earlier one, and of the error of an earlier look. */
function judged(line: Line, verdict: Verdict): Line {
  const error = line.record.outcome === 'unknown' ? line.record.error : undefined
  const none = {
    verified: undefined,
    proof: undefined,
    digest: undefined,
    toDigest: undefined,
    differs: undefined,
    error,
  }
  if ('gone' in verdict) setFields(line, { ...none, reason: 'gone' })
  else if ('error' in verdict) setFields(line, { ...none, verified: false, error: verdict.error.toFailure() })
  else setFields(line, { ...none, ...verdict })
  return line
}
