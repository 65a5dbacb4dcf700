/** What is asked of V8 beyond the flags in the first lines of bin/, which every version of Node must know. */
import { versions } from 'node:process'
import { setFlagsFromString } from 'node:v8'

/** So many bytes of bytecode a function runs, since it last met something new, before it is looked at; by itself 67,584. */
const INTERRUPT_BUDGET = 600_000
/** For so many bytes of bytecode that a function is long, one look more is taken; by itself 150. */
const LONGER_THAN_ANY = 1_000_000

/** Later versions have a compiler more, count in another way, and are left as they are. */
const IS_NODE_20 = versions.v8.startsWith('11.')

/**
 * Has functions compiled later. Node 20 compiles so soon that it has yet to see most of what a function meets, and does it
 * again with each thing more: a quarter of the CPU of a run over some hundred thousand records.
 */
export function optimiseLater(): void {
  if (IS_NODE_20) setFlagsFromString(`--interrupt-budget=${INTERRUPT_BUDGET}`)
}

/**
 * Has a function compiled at the first look, not at the third or, where it is long, later still. With S3 a key takes many
 * functions: over the first 30,000 more time passed in those that wait than in those that were compiled. Where a key takes but
 * a microsecond or two, what it compiles beyond that costs more than it gives.
 */
export function compileSooner(): void {
  if (!IS_NODE_20) return
  setFlagsFromString('--ticks-before-optimization=1')
  setFlagsFromString(`--bytecode-size-allowance-per-tick=${LONGER_THAN_ANY}`)
}
