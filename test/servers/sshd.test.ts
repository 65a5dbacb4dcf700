import { expect, test } from 'vitest'
import { runShell } from '../run-tool.ts'
import { startHosts } from './sshd.ts'

test('hosts have their own environment, and a killed one is gone', async () => {
  const hosts = await startHosts({ one: { NAME: 'first host' }, two: { NAME: 'second' } })
  try {
    const ask = (name: string) => runShell(`${hosts.ssh} ${name} 'echo "$NAME"; cat'`, { stdin: 'said\n' })
    expect(await ask('one')).toMatchObject({ stdout: 'first host\nsaid\n', stderr: '', code: 0 })
    expect(await ask('two')).toMatchObject({ stdout: 'second\nsaid\n', code: 0 })
    hosts.kill('two')
    expect(await ask('two')).toMatchObject({ code: 255 })
    expect(await ask('one')).toMatchObject({ code: 0 })
  } finally {
    await hosts.stop()
  }
})
