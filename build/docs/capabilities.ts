/** What each store can do, as README.md has it. A test holds it against the stores themselves. */
import type { Guard } from '../../src/store/contract.ts'

export interface Capabilities {
  readonly store: string
  readonly list: boolean
  readonly ordered: boolean
  /** inside the store, without the content going through the tool */
  readonly copy: boolean
  readonly readWrite: boolean
  readonly guards: readonly Guard[]
  readonly digest: boolean
  readonly remove: boolean
}

const REDIS = {
  list: true,
  ordered: false,
  copy: true,
  readWrite: true,
  guards: ['absent', 'match', 'merge', 'any'],
  digest: true,
  remove: true,
} as const

export const CAPABILITIES: readonly Capabilities[] = [
  { ...REDIS, store: 'files', ordered: true, guards: ['absent', 'match', 'any'] },
  { ...REDIS, store: 'Redis' },
  { ...REDIS, store: 'Redis cluster' },
  { ...REDIS, store: 'S3', ordered: true, guards: ['absent', 'match', 'any'] },
  { ...REDIS, store: 'DynamoDB', guards: ['absent', 'match', 'any'] },
]
