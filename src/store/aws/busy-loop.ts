/** Whether this process is itself what the requests wait for. */
import { performance } from 'node:perf_hooks'

/** The part of the time for which the event loop had work, from which on more requests in flight would only wait for it. */
const BUSY = 0.95

/** Says each time whether it has been so since it was asked last. */
export function busyLoop(): () => boolean {
  let before = performance.eventLoopUtilization()
  return () => {
    const now = performance.eventLoopUtilization()
    const { utilization } = performance.eventLoopUtilization(now, before)
    before = now
    return utilization > BUSY
  }
}
