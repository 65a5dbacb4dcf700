/** Runs pipelines/redis-jobs/run as an operator does, and reads what it leaves in its directory. */
import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { KeyRecord } from '../../../src/record/record.ts'
import type { ToolRun } from '../../run-tool.ts'
import { ROOT, runCommand } from '../../run-tool.ts'

export interface Pipeline {
  /** the directory of its plan and journals */
  readonly work: string
  run(command: string, variables?: Readonly<Record<string, string | undefined>>): Promise<ToolRun>
  /** starts it as the leader of a process group of its own, its output unread */
  start(command: string, variables?: Readonly<Record<string, string>>): ChildProcess
  /** the records of a journal; none where there is no such file */
  records(journal: string): Promise<readonly KeyRecord[]>
}

const RUN = join(ROOT, 'pipelines/redis-jobs/run')

/** A pipeline on the database that `url` names, with password where there is one. */
export function pipelineAt(url: string, work: string): Pipeline {
  const surroundings = { REDIS_URL: url, WORK: work }
  return {
    work,
    run: (command, variables = {}) =>
      runCommand(RUN, { args: command.split(' '), env: { ...surroundings, ...variables } }),
    start: (command, variables = {}) =>
      spawn(RUN, command.split(' '), {
        env: { ...process.env, ...surroundings, ...variables },
        detached: true,
        stdio: 'ignore',
      }),
    records: async (journal) => {
      const path = join(work, journal)
      if (!existsSync(path)) return []
      const lines = (await readFile(path, 'utf8')).split('\n').filter((line) => line !== '')
      return lines.map((line) => JSON.parse(line))
    },
  }
}

/** The numbers of a printed summary, by the words before them. */
export function summaryOf({ stdout }: ToolRun): Readonly<Record<string, number>> {
  const lines = [...stdout.matchAll(/^([A-Z][\w ()]+?): +([\d.]+)/gm)]
  return Object.fromEntries(lines.map(([, word, number]) => [word as string, Number(number)]))
}
