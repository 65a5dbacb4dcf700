// What is printed: the machine, since a figure means nothing without it, and one table.
import { cpus, loadavg } from 'node:os'

/** Date, Node, processor, cores, and how busy the machine was: of no use for wall-clock figures when others work on it. */
export function machineText() {
  const [processor] = cpus()
  const load = loadavg()
    .map((value) => value.toFixed(1))
    .join(' ')
  return `${new Date().toISOString()} · Node ${process.version} · ${cpus().length} cores, ${processor?.model.trim()} · load ${load}`
}

const COLUMNS = ['work', 'ours', 'theirs', 'ratio', 'mark', 'met']

/** Rows of `{work, ours, theirs, ratio, mark, met}`, each a text; `met` true, false or absent. */
export function tableText(rows) {
  const cells = rows.map((row) => ({ ...row, met: row.met === undefined ? '' : row.met ? 'yes' : 'NO' }))
  const widths = COLUMNS.map((name) => Math.max(name.length, ...cells.map((row) => (row[name] ?? '').length)))
  const line = (texts) => `| ${texts.map((text, at) => (text ?? '').padEnd(widths[at])).join(' | ')} |`
  return [
    line(COLUMNS),
    `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`,
    ...cells.map((row) => line(COLUMNS.map((name) => row[name]))),
  ].join('\n')
}

/** `1.23`, `12.3`, `1,234`: three digits or so. */
export function figure(value) {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2
  return value.toLocaleString('en-US', { maximumFractionDigits: digits, minimumFractionDigits: digits })
}

export function times(value) {
  return `${figure(value)}x`
}

export function thousands(perSecond) {
  return `${Math.round(perSecond / 1000)} k/s`
}

/**
 * Rows of client CPU for each `piece` of a work, the first of it ours and then one for each other client. `runs` and
 * `counts` are by name, `ours` among them; `most` is the mark for ours in µs, `theirs` has by name how many times ours
 * each must take at the least, as `mark`. `beside` says of a count what another client has done.
 */
export function cpuRows({ work, beside, piece, most, theirs, runs, counts }) {
  const us = (name) => (runs[name].cpuS / counts[name]) * 1e6
  const ours = {
    work,
    ours: `${figure(us('ours'))} µs CPU ${piece}, ${thousands(counts.ours / runs.ours.wallS)}`,
    mark: `≤ ${most} µs`,
    met: us('ours') <= most,
  }
  const others = Object.keys(runs).filter((name) => name in theirs)
  return [
    ours,
    ...others.map((name) => {
      const { mark } = theirs[name]
      const ratio = us(name) / us('ours')
      return {
        work: `  beside ${beside(counts[name].toLocaleString('en-US'))}`,
        ours: `${figure(us('ours'))} µs`,
        theirs: `${name} ${figure(us(name))} µs`,
        ratio: times(ratio),
        ...(mark !== undefined && { mark: `≥ ${mark}x`, met: ratio >= mark }),
      }
    }),
  ]
}
