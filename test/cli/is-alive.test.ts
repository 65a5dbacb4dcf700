/** Which processes can still do anything. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { expect, onTestFinished, test } from 'vitest'
import { isAlive } from '../../src/cli/is-alive.ts'

/** A process that ends when it is told to, and whose parent lives on and does not ask for it. */
async function unasked() {
  const parent = spawn('sh', ['-c', 'exec 3<&0; sh -c "read line" <&3 & echo $!; exec tail -f /dev/null'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  onTestFinished(() => void parent.kill())
  const [pid] = await once(createInterface(parent.stdout), 'line')
  return { pid: Number(pid), end: () => parent.stdin.end('\n') }
}

test('a process that has ended is not alive, also while its parent has not asked for it', async () => {
  const { pid, end } = await unasked()
  expect(isAlive(pid)).toBe(true)
  end()
  await expect.poll(() => isAlive(pid), { interval: 5, timeout: 5000 }).toBe(!existsSync('/proc/self/stat'))
})

test('a process that is waited for is not alive, this one is', async () => {
  const child = spawn('true')
  await once(child, 'exit')
  expect(isAlive(child.pid ?? 0)).toBe(false)
  expect(isAlive(process.pid)).toBe(true)
})
