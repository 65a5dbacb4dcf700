/** What of a content a store has no place for, by the names of the record's fields. Pure. */
import type { Aspect, Content, Outcome } from './contract.ts'

/** `holds`: what the store keeps beside the bytes. */
export function unheld({ type, expiresMs, mtimeMs, mode }: Content, holds: readonly Aspect[] = []): string[] {
  const isPlain = type === undefined || type === 'file' || type === 'string'
  return [
    ...(isPlain || holds.includes('type') ? [] : ['type']),
    ...(expiresMs === undefined || holds.includes('expiry') ? [] : ['expires']),
    ...(mtimeMs === undefined || holds.includes('mtime') ? [] : ['mtime']),
    ...(mode === undefined || holds.includes('mode') ? [] : ['mode']),
  ]
}

/** A write that was made, with what it lost. */
export function withLost(outcome: Outcome, names: readonly string[]): Outcome {
  if (outcome.outcome !== 'done' || names.length === 0) return outcome
  const { lost = [], ...rest } = outcome
  return { lost: [...lost, ...names], ...rest }
}
