// What it costs to begin: the help of each tool beside a node that does nothing.
import { compare } from '../measure.js'
import { figure, times } from '../report.js'

const TOOLS = ['list-keys', 'rewrite-keys', 'copy-apply', 'verify', 'delete-apply', 'rekey']
const MOST = 3
const CALLS = 10

export async function work(bench) {
  const often = (command) => `for at in $(seq ${CALLS}); do ${command} > help; done`
  const commands = Object.fromEntries(TOOLS.map((tool) => [tool, often(`${tool} --help`)]))
  const runs = await compare(bench, { ...commands, node: often("node -e ''") }, { rounds: 3 })
  const ms = (name) => (runs[name].cpuS / CALLS) * 1000
  return TOOLS.map((tool) => ({
    work: `${tool} --help`,
    ours: `${figure(ms(tool))} ms CPU`,
    theirs: `node -e '' ${figure(ms('node'))} ms`,
    ratio: times(ms('node') / ms(tool)),
    mark: `≤ ${MOST}x of it`,
    met: ms(tool) <= MOST * ms('node'),
  }))
}
