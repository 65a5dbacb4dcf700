/**
 * The overview as one page that needs nothing else: no script, no request, no font. Everything that comes from a row is
 * escaped, and the page forbids itself whatever could be loaded. Pure.
 */
import type { Host, Overview } from './overview.ts'
import { historyOf, isAlarm, isMissed, pendingOf } from './overview.ts'
import type { Row } from './read.ts'
import { STYLE } from './style.ts'
import {
  agoText,
  byNeed,
  errorsText,
  etaText,
  grouped,
  hostStateText,
  nameOf,
  percentText,
  rateText,
  unfinishedText,
} from './text.ts'

/** A page of more is for no phone; the rest is counted. */
const GROUPS_SHOWN = 500
const FAILURES_SHOWN = 100
const STEPS = 60

/** `everyMs`: the page is renewed so often, and a browser asks for it again. */
export function htmlPage(overview: Overview, everyMs: number | undefined): string {
  const { atMs } = overview
  const at = new Date(atMs).toISOString()
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
${everyMs === undefined ? '' : `<meta http-equiv="refresh" content="${Math.max(1, Math.round(everyMs / 1000))}">\n`}<title>${titleOf(overview)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<header><h1>Migration progress</h1><time datetime="${at}">${at.slice(0, 19).replace('T', ' ')} UTC</time></header>
${[alarmPart(overview), overallPart(overview), ratePart(overview), groupsPart(overview), failuresPart(overview), hostsPart(overview)].filter((part) => part !== '').join('\n')}
</main>
</body>
</html>
`
}

/** Text that stands in the page as it is: in an element or in a quoted attribute. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"'\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, (char) => ENTITIES[char] ?? '\ufffd')
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '\n': ' ',
  '\t': ' ',
}

function titleOf(overview: Overview): string {
  const { total, completed } = overview
  const percent = total === undefined ? grouped(completed) : percentText(completed, total)
  return `${isAlarm(overview) ? '! ' : ''}${percent} migration progress`
}

function alarmPart(overview: Overview): string {
  const { failedRows, stuckRows, isStalled, hosts, atMs } = overview
  const silent = hosts.filter(({ state }) => state === 'stale' || state === 'offline')
  const says = [
    ...(isStalled ? ['Stalled: there is work to do, a host lives, and nothing was done in 15 minutes.'] : []),
    ...(failedRows.length > 0 ? [`${countText(failedRows.length, 'group')} with failures.`] : []),
    ...(stuckRows.length > 0 ? [`${countText(stuckRows.length, 'group')} stuck: ${namesText(stuckRows)}.`] : []),
    ...silent.map((host) => {
      const held = isMissed(host) ? `, and ${unfinishedText(host)}` : ''
      return `Host ${escapeHtml(host.name)} is ${hostStateText(host, atMs).toLowerCase()}${held}.`
    }),
  ]
  if (says.length === 0) return ''
  return `<section class="alarm" role="status"><ul>${says.map((text) => `<li>${text}</li>`).join('')}</ul></section>`
}

function namesText(rows: readonly Row[]): string {
  const names = rows.slice(0, 3).map((row) => escapeHtml(nameOf(row)))
  return `${names.join('; ')}${rows.length > 3 ? ` and ${grouped(rows.length - 3)} more` : ''}`
}

function overallPart(overview: Overview): string {
  const { total, completed, failed, pending, ratePerSecond, unplanned } = overview
  const facts: [string, string][] = [
    ['done', grouped(completed)],
    ...(total === undefined ? [] : [['planned', grouped(total)] as [string, string]]),
    ['failed', grouped(failed)],
    ['to do', total === undefined && unplanned > 0 ? 'unknown' : grouped(pending)],
    ...(unplanned > 0 ? [['groups without a plan', grouped(unplanned)] as [string, string]] : []),
    ['rate, last 15 min', rateText(ratePerSecond)],
  ]
  return `<section>
<div class="percent">${total === undefined ? grouped(completed) : percentText(completed, total)}</div>
<div class="faint">${endText(overview)}</div>
${total === undefined ? '' : bar({ done: completed, failed, todo: pending }, 'large')}
<dl>${facts.map(([name, value]) => `<div><dt>${name}</dt><dd>${value}</dd></div>`).join('')}</dl>
</section>`
}

function endText(overview: Overview): string {
  const { pending, unplanned, ratePerSecond } = overview
  if (pending === 0) return unplanned > 0 ? 'nobody has said how much is planned' : 'nothing is left to do'
  const unknown = ratePerSecond === undefined ? 'nobody knows when it ends' : 'no end in sight: nothing is being done'
  return etaText(overview) ?? unknown
}

/** Parts of a whole as widths; a part that is there is seen, however small. */
function bar(parts: Readonly<Record<string, number>>, size = ''): string {
  const present = Object.entries(parts).filter(([, count]) => count > 0)
  const says = present.map(([name, count]) => `${grouped(count)} ${name === 'todo' ? 'to do' : name}`).join(', ')
  const pieces = present.map(([name, count]) => `<i class="${name}" style="flex:${count} 1 0"></i>`).join('')
  return `<div class="bar ${size}" role="img" aria-label="${says || 'nothing yet'}" title="${says}">${pieces}</div>`
}

function ratePart(overview: Overview): string {
  const history = historyOf(overview, STEPS)
  const highest = history.reduce((most, { ratePerSecond }) => Math.max(most, ratePerSecond), 0)
  const [first, last] = [history[0], history.at(-1)]
  if (first === undefined || last === undefined || highest === 0) return ''
  const bars = history.map(({ ratePerSecond }, nth) => {
    const height = (ratePerSecond / highest) * 100
    return height === 0
      ? ''
      : `<rect x="${nth * 10 + 1}" y="${(100 - height).toFixed(2)}" width="8" height="${height.toFixed(2)}"/>`
  })
  return `<section><h2>Rate over time</h2>
<div class="axis faint"><span>highest ${rateText(highest)}</span></div>
<svg viewBox="0 0 ${STEPS * 10} 100" preserveAspectRatio="none" role="img" aria-label="settled a second, at most ${rateText(highest)}">${bars.join('')}</svg>
<div class="axis faint"><span>${clockText(first.fromMs)}</span><span>${clockText(last.toMs)}</span></div></section>`
}

function clockText(ms: number): string {
  return `${new Date(ms).toISOString().slice(5, 16).replace('T', ' ')} UTC`
}

function groupsPart({ rows, groups, stuckRows }: Overview): string {
  const shown = byNeed(rows).slice(0, GROUPS_SHOWN)
  const words = Object.entries(groups)
    .filter(([, count]) => count > 0)
    .map(([status, count]) => `${grouped(count)} ${status}`)
  const left = rows.length - shown.length
  return `<section><h2>Outcomes by group</h2>
<p class="key">${['done', 'skipped', 'failed', 'unknown', 'todo'].map((name) => `<span><i class="${name}"></i>${name === 'todo' ? 'to do' : name}</span>`).join('')}</p>
<p class="faint">${grouped(rows.length)} ${rows.length === 1 ? 'group' : 'groups'}: ${words.join(', ') || 'none'}</p>
<ol>${shown.map((row) => groupItem(row, stuckRows.includes(row))).join('\n')}</ol>
${left > 0 ? `<p class="faint">and ${grouped(left)} more</p>` : ''}</section>`
}

function groupItem(row: Row, isStuck: boolean): string {
  const { status, total, completed, failed } = row
  const count = total === undefined ? `${grouped(completed)} done` : `${grouped(completed)} of ${grouped(total)}`
  return `<li><div class="top"><span class="name">${escapeHtml(nameOf(row))}</span><span class="tag ${isStuck ? 'stuck' : status}">${isStuck ? 'stuck' : status}</span></div>
${isWholeKnown(row) ? bar(partsOf(row)) : ''}
<div class="faint">${count}${failed > 0 ? `, ${grouped(failed)} failed` : ''}${row.last === undefined ? '' : `, last <code>${escapeHtml(row.last)}</code>`}</div></li>`
}

/** A full bar of what is known would look like all of it. */
function isWholeKnown({ total, status }: Row): boolean {
  return total !== undefined || status === 'completed'
}

/** By outcome where the writer tells them apart, as completed and failed elsewhere. */
function partsOf(row: Row): Readonly<Record<string, number>> {
  const { done = 0, skipped = 0, failed = 0, unknown = 0 } = row.counts ?? {}
  const todo = pendingOf(row)
  if (done + skipped === row.completed && failed + unknown === row.failed)
    return { done, skipped, failed, unknown, todo }
  return { done: row.completed, failed: row.failed, todo }
}

function failuresPart({ failedRows, atMs }: Overview): string {
  if (failedRows.length === 0) return ''
  const shown = byNeed(failedRows).slice(0, FAILURES_SHOWN)
  const left = failedRows.length - shown.length
  return `<section><h2>Failures</h2>
<ol>${shown.map((row) => failureItem(row, atMs)).join('\n')}</ol>
${left > 0 ? `<p class="faint">and ${countText(left, 'group')} more</p>` : ''}</section>`
}

function failureItem(row: Row, nowMs: number): string {
  const examples = row.failures.map(
    ({ key, code, message }) =>
      `<div class="faint"><code>${escapeHtml(key)}</code>: ${escapeHtml(message === '' ? code : message)}</div>`,
  )
  const errors = errorsText(row)
  return `<li><div class="top"><span class="name">${escapeHtml(nameOf(row))}</span><span class="tag failed">${row.failed > 0 ? `${grouped(row.failed)} failed` : 'failed'}</span></div>
<div>${errors === '' ? 'no reason given' : escapeHtml(errors)}<span class="faint">, ${agoText(row.updatedMs, nowMs)}</span></div>${examples.join('')}</li>`
}

function hostsPart({ hosts, atMs }: Overview): string {
  if (hosts.length === 0) return ''
  return `<section><h2>Hosts</h2><div class="hosts">${hosts.map((host) => hostItem(host, atMs)).join('\n')}</div></section>`
}

function hostItem(host: Host, nowMs: number): string {
  const words = [
    ...(host.settled > 0 ? [`${grouped(host.settled)} settled`] : []),
    ...(host.ratePerSecond === undefined || host.state === 'ended' ? [] : [rateText(host.ratePerSecond)]),
    ...(host.cpu === undefined ? [] : [`cpu ${host.cpu} %`]),
    ...(host.mem === undefined ? [] : [`mem ${host.mem} %`]),
  ]
  return `<div><div class="top"><span class="name">${escapeHtml(host.name)}</span><span class="tag ${host.state}">${hostStateText(host, nowMs)}</span></div>
<div class="faint">${words.join(', ')}</div></div>`
}

function countText(count: number, noun: string): string {
  return `${grouped(count)} ${noun}${count === 1 ? '' : 's'}`
}
