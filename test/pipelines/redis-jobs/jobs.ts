/** Jobs as the real system keeps them: hashes, progress, queues, per-worker hashes, results with an expiry. */
import type { Redis } from 'ioredis'

export const JOBS = 10_000
/** an hour, odd milliseconds that only an exact copy keeps */
export const EXPIRES_MS = Date.now() + 3_600_000 + 123
const CREATED_MS = Date.UTC(2026, 0, 1)
const DAY_MS = 86_400_000

/** The id of the nth job: plain for most; some hold what ids may hold. */
export function idOf(n: number): string {
  if (n % 100 === 3) return `wf:${n}:step`
  if (n % 100 === 4) return `with space "and" 'quotes' ${n}`
  return n % 100 === 5 ? `ünï\n${n}` : `job-${n}`
}

/** The scores of the queue: priority and age in one number, near 2^53. */
export function scoreOf(n: number): string {
  return String(BigInt(n % 3) * 1_000_000n + 9_007_199_254_740_991n - BigInt(CREATED_MS + n))
}

/** The times and fields of the nth job at its end. */
export function fieldsOf(n: number): Record<string, string | Buffer> {
  const at = (ms: number) => new Date(CREATED_MS + n + ms).toISOString()
  const fields: Record<string, string | Buffer> = {
    ...submittedFields(n),
    status: ['completed', 'failed', 'cancelled', 'in_progress'][n % 4] as string,
    assigned_at: at(DAY_MS),
    worker_id: `w${n % 3}`,
  }
  if (n % 5 === 0) fields.payload = Buffer.from([0xff, 0xfe, 0x00, n & 0xff])
  if (n % 4 === 0) fields.completed_at = at(2 * DAY_MS)
  if (n % 7 === 0) Object.assign(fields, { workflow_id: `wf-${n % 50}`, current_step: '1', total_steps: '3' })
  return fields
}

/** What the submission alone has written: a dual-written step:{id} stays like this. */
export function submittedFields(n: number): Record<string, string | Buffer> {
  return {
    id: idOf(n),
    [n % 11 === 0 ? 'type' : 'service_required']: 'render',
    priority: '50',
    payload: JSON.stringify({ n, prompt: 'a "quoted" text' }),
    requirements: '',
    created_at: new Date(CREATED_MS + n).toISOString(),
    status: 'pending',
    retry_count: '0',
    max_retries: '3',
  }
}

/** The real layout: all that begins with job: and jobs:, and neighbours that are none of the migration's business. */
export async function plantJobs(client: Redis, jobs: number): Promise<void> {
  const pipeline = client.pipeline()
  for (let n = 0; n < jobs; n++) {
    const key = `job:${idOf(n)}`
    pipeline.hset(key, fieldsOf(n))
    if (n % 9 === 0) pipeline.pexpireat(key, EXPIRES_MS)
    if (n % 3 === 0) pipeline.hset(`${key}:progress`, progressOf(n))
    if (n % 2 === 0) pipeline.zadd('jobs:pending', scoreOf(n), idOf(n))
    if (n % 20 === 0) pipeline.zadd('jobs:delayed', `${n}.1`, idOf(n))
    pipeline.hset(`jobs:active:w${n % 3}`, idOf(n), JSON.stringify({ id: idOf(n), job_id: idOf(n) }))
    pipeline.hset(n % 4 === 0 ? 'jobs:completed' : 'jobs:failed', idOf(n), '{"result":""}')
    if (n % 50 === 0) pipeline.xadd(`progress:${idOf(n)}`, '*', 'progress', '50')
  }
  pipeline.pexpireat('jobs:completed', EXPIRES_MS)
  pipeline.pexpireat('jobs:failed', EXPIRES_MS + 7 * DAY_MS)
  pipeline.rpush('job:weird', 'b', 'a', '', Buffer.from([0xff, 0x00]))
  pipeline.set('job:counter', '9007199254740993')
  for (const name of ['job:events', 'job:audit']) {
    for (let at = 1; at <= 5; at++) pipeline.xadd(name, `${at}-1`, 'event', `e${at}`)
    pipeline.xgroup('CREATE', name, 'readers', '0')
  }
  pipeline.sadd('workers:active', 'w0', 'w1').hset('worker:w0', { status: 'busy' })
  pipeline.set('jobsite:x', 'no job').set('stepson:x', 'no step')
  for (const [error] of (await pipeline.exec()) ?? []) if (error !== null) throw error
}

function progressOf(n: number): Record<string, string> {
  return { job_id: idOf(n), progress: '50', message: '', updated_at: new Date(CREATED_MS + DAY_MS + n).toISOString() }
}
