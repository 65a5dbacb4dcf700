/** Properties are tried on the same cases in every run; `SEED=$RANDOM npm test` tries others, and prints what failed. */
import fc from 'fast-check'

fc.configureGlobal({ seed: Number(process.env.SEED ?? 20261123), endOnFailure: process.env.CI !== undefined })
