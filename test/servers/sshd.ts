/** Hosts to be reached by ssh: real sshds on loopback addresses, each with an environment and a home of its own. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { killNow } from '../kill-now.ts'
import { runCommand } from '../run-tool.ts'
import { freePort } from './free-port.ts'

const SSHD = '/usr/sbin/sshd'

export interface SshHosts {
  /** what ssh is to be called with, in `PARALLEL_SSH` for example: it knows the hosts by their names */
  readonly ssh: string
  /** as kill -9: the host's sshd and every session of it are gone */
  kill(name: string): void
  stop(): Promise<void>
}

/** Starts hosts by name; each sets the variables given, and nothing of whoever runs the tests, for what runs on it. */
export async function startHosts(hosts: Readonly<Record<string, Readonly<Record<string, string>>>>): Promise<SshHosts> {
  const directory = await mkdtemp(join(tmpdir(), 'rekey-ssh-'))
  // Where sshd locks itself in before anybody has logged in; Debian makes it when it starts the system's own.
  if (userInfo().uid === 0) await mkdir('/run/sshd', { recursive: true })
  await makeKeys(directory)
  const servers = Object.fromEntries(
    await Promise.all(
      Object.entries(hosts).map(
        async ([name, env], at) => [name, await startHost(directory, `127.0.0.${at + 1}`, env)] as const,
      ),
    ),
  )
  const config = join(directory, 'config')
  await writeFile(
    config,
    Object.entries(servers)
      .map(([name, { address }]) => entry(name, address, directory))
      .join(''),
  )
  return {
    ssh: `ssh -F ${config}`,
    kill: (name) => servers[name]?.kill(),
    stop: async () => {
      await Promise.all(Object.values(servers).map(({ stop }) => stop()))
      await rm(directory, { recursive: true, force: true })
    },
  }
}

interface Address {
  readonly host: string
  readonly port: number
}

async function makeKeys(directory: string): Promise<void> {
  for (const name of ['host', 'user']) {
    const { code, stderr } = await runCommand('ssh-keygen', {
      args: ['-q', '-t', 'ed25519', '-N', '', '-f', join(directory, name)],
    })
    if (code !== 0) throw new Error(`ssh-keygen: ${stderr}`)
  }
}

async function startHost(directory: string, host: string, env: Readonly<Record<string, string>>) {
  const address = { host, port: await freePort() }
  const config = join(directory, `sshd-${address.port}`)
  await writeFile(config, settings(directory, address, env))
  await chmod(config, 0o600)
  const server = spawn(SSHD, ['-D', '-e', '-f', config], { stdio: ['ignore', 'ignore', 'pipe'] })
  const ended = once(server, 'exit')
  await listening(server.stderr)
  server.stderr.resume()
  return {
    address,
    stop: async () => {
      server.kill()
      await ended
    },
    // Each session has a process group of its own, so the group of the server is not enough.
    kill: () => {
      for (const pid of family(server.pid as number)) killNow(pid)
    },
  }
}

/** A process and all that descend from it; of one that has ended by itself, nothing more. */
function family(pid: number): number[] {
  return [pid, ...childrenOf(pid).flatMap(family)]
}

function childrenOf(pid: number): number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    return text.split(' ').filter(Boolean).map(Number)
  } catch {
    // It has ended by itself.
    return []
  }
}

/** Resolves when sshd has said so; throws with what it has said when it has ended before. */
async function listening(stderr: AsyncIterable<Buffer>): Promise<void> {
  let said = ''
  const iterator = stderr[Symbol.asyncIterator]()
  for (let next = await iterator.next(); !next.done; next = await iterator.next()) {
    said += next.value
    if (said.includes('Server listening')) return
  }
  throw new Error(`sshd ended before it listened: ${said}`)
}

function settings(directory: string, { host, port }: Address, env: Readonly<Record<string, string>>): string {
  const variables = Object.entries(env).map(([name, value]) => `"${name}=${value}"`)
  return `ListenAddress ${host}:${port}
HostKey ${join(directory, 'host')}
AuthorizedKeysFile ${join(directory, 'user.pub')}
PidFile none
StrictModes no
UsePAM no
PermitRootLogin prohibit-password
PasswordAuthentication no
MaxStartups 100
LogLevel INFO
SetEnv ${variables.join(' ')}
`
}

function entry(name: string, { host, port }: Address, directory: string): string {
  return `Host ${name}
  HostName ${host}
  Port ${port}
  User ${userInfo().username}
  IdentityFile ${join(directory, 'user')}
  IdentitiesOnly yes
  StrictHostKeyChecking no
  UserKnownHostsFile /dev/null
  LogLevel ERROR
`
}
