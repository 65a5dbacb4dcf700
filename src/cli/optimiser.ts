/** What is asked of V8 beyond the flags in the first lines of bin/, which every version of Node must know. */
import { versions } from 'node:process'
import { setFlagsFromString } from 'node:v8'

/** So many bytes of bytecode a function runs before it is looked at; Node 20 by itself looks after 67,584. */
const INTERRUPT_BUDGET = 600_000

/**
 * Has functions compiled later. Node 20 compiles so soon that it has yet to see most of what a function meets, and does it
 * again with each thing more: a quarter of the CPU of a run over some hundred thousand records.
 */
export function optimiseLater(): void {
  // Versions with another V8 have a compiler more, and count in another way.
  if (versions.v8.startsWith('11.')) setFlagsFromString(`--interrupt-budget=${INTERRUPT_BUDGET}`)
}
