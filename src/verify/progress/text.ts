/** The overview for people, as lines of text, and for programs, as JSON. Pure. */
import { spanText } from '../../stage/duration.ts'
import { STATUSES } from '../../stage/progress/standing.ts'
import type { Host, Overview } from './overview.ts'
import { isAlarm, isMissed, pendingOf } from './overview.ts'
import type { Row } from './read.ts'

/** Which lists are asked for; without either the whole overview is. */
export interface Lists {
  readonly failed: boolean
  readonly stuck: boolean
}

/** `12,340 of 25,000 (49.4 %), 120 failed, 12,540 to do, 41.2/s, ends in 5 min 4 s (17:45 UTC)`, in one line. */
export function summary(overview: Overview): string {
  const { total, completed, failed, pending, unplanned, stuckRows, isStalled, hosts } = overview
  const words = [
    total === undefined
      ? grouped(completed)
      : `${grouped(completed)} of ${grouped(total)} (${percentText(completed, total)})`,
  ]
  if (failed > 0) words.push(`${grouped(failed)} failed`)
  if (pending > 0) words.push(`${grouped(pending)} to do`)
  if (unplanned > 0) words.push(`${grouped(unplanned)} without a plan`)
  if (pending + unplanned > 0) words.push(rateText(overview.ratePerSecond))
  const eta = etaText(overview)
  if (eta !== undefined) words.push(eta)
  if (stuckRows.length > 0) words.push(`${grouped(stuckRows.length)} stuck`)
  if (isStalled) words.push('STALLED')
  const missed = hosts.filter(isMissed).length
  if (missed > 0) words.push(`${grouped(missed)} ${missed === 1 ? 'HOST' : 'HOSTS'} MISSED`)
  return words.join(', ')
}

/** The whole report, of at most `most` groups. */
export function reportLines(overview: Overview, lists: Lists, most: number): string[] {
  if (lists.failed || lists.stuck) {
    return [
      ...(lists.failed ? section('failed', overview.failedRows, failedText, overview) : []),
      ...(lists.stuck ? section('stuck', overview.stuckRows, stuckText, overview) : []),
    ]
  }
  const { failedRows, stuckRows, isStalled, hosts } = overview
  return [
    summary(overview),
    groupsText(overview),
    ...hosts.map((host) => `  ${hostText(host, overview.atMs)}`),
    ...(isStalled ? ['STALLED: there is work to do, a host lives, and nothing was done in 15 minutes'] : []),
    ...(failedRows.length > 0 ? cut(section('failed', failedRows, failedText, overview), most) : []),
    ...(stuckRows.length > 0 ? cut(section('stuck', stuckRows, stuckText, overview), most) : []),
    ...cut(section('groups', byNeed(overview.rows), groupText, overview), most),
  ]
}

export function reportJson(overview: Overview, lists: Lists): string {
  const { atMs, samples: _, rows, failedRows, stuckRows, hosts, etaMs, ...rest } = overview
  const at = new Date(atMs).toISOString()
  const wanted = lists.failed || lists.stuck
  return JSON.stringify({
    at,
    alarm: isAlarm(overview),
    ...rest,
    ...(etaMs !== undefined && { endsAt: new Date(atMs + etaMs).toISOString() }),
    hosts: hosts.map(({ seenMs, ...host }) => ({
      ...host,
      ...(seenMs !== undefined && { seenAt: new Date(seenMs).toISOString() }),
    })),
    ...((!wanted || lists.failed) && { failedRows: failedRows.map(jsonRow) }),
    ...((!wanted || lists.stuck) && { stuckRows: stuckRows.map(jsonRow) }),
    ...(!wanted && { rows: rows.map(jsonRow) }),
  })
}

function jsonRow({ samples: _, createdMs, updatedMs, seenMs, ...row }: Row): object {
  const times = { createdAt: createdMs, updatedAt: updatedMs, seenAt: seenMs }
  const known = Object.entries(times).filter(([, ms]) => ms !== undefined) as [string, number][]
  return { ...row, ...Object.fromEntries(known.map(([name, ms]) => [name, new Date(ms).toISOString()])) }
}

/** `customer space`, without the part that is not counted by. */
export function nameOf({ customer, space }: Row): string {
  const parts = [customer, space].filter((part) => part !== '*')
  return parts.length === 0 ? 'all' : parts.join(' ')
}

export function errorsText({ errors }: Row): string {
  return Object.entries(errors)
    .map(([code, count]) => (count === 1 ? code : `${code} ${grouped(count)}`))
    .join(', ')
}

export function rateText(ratePerSecond: number | undefined): string {
  if (ratePerSecond === undefined) return 'rate unknown'
  if (ratePerSecond > 0 && ratePerSecond < 1) return `${(ratePerSecond * 60).toFixed(1)}/min`
  return `${ratePerSecond < 100 ? ratePerSecond.toFixed(1) : grouped(Math.round(ratePerSecond))}/s`
}

/** Undefined where nobody can tell. */
export function etaText({ etaMs, atMs }: Overview): string | undefined {
  if (etaMs === undefined || etaMs > MOST_MS) return undefined
  const at = new Date(atMs + etaMs).toISOString()
  const isToday = at.slice(0, 10) === new Date(atMs).toISOString().slice(0, 10)
  return `ends in ${spanText(etaMs)} (${isToday ? at.slice(11, 16) : at.slice(0, 16).replace('T', ' ')} UTC)`
}

/** A hundred years: what takes longer does not end. */
const MOST_MS = 100 * 365 * 86_400_000

/** Never 100 % of what is not all. */
export function percentText(part: number, whole: number): string {
  if (whole === 0) return '100 %'
  const tenths = Math.floor((part / whole) * 1000)
  return `${(tenths / 10).toFixed(1)} %`
}

export function agoText(ms: number | undefined, nowMs: number): string {
  return ms === undefined ? 'at no known time' : `${spanText(nowMs - ms)} ago`
}

/** Those first that somebody has to look after. */
export function byNeed(rows: readonly Row[]): readonly Row[] {
  const order = ['failed', 'in-progress', 'pending', 'completed']
  return rows.toSorted(
    (one, other) =>
      order.indexOf(one.status) - order.indexOf(other.status) ||
      pendingOf(other) - pendingOf(one) ||
      (nameOf(one) < nameOf(other) ? -1 : 1),
  )
}

export function grouped(count: number): string {
  return Math.round(count).toLocaleString('en-US')
}

export function hostStateText({ state, seenMs }: Host, nowMs: number): string {
  if (state === 'live') return `live, seen ${agoText(seenMs, nowMs)}`
  if (state === 'ended') return `ended ${agoText(seenMs, nowMs)}`
  return `${state === 'offline' ? 'OFFLINE' : 'silent'}, seen ${agoText(seenMs, nowMs)}`
}

export function unfinishedText({ unfinished }: Host): string {
  return `holds ${grouped(unfinished)} unfinished ${unfinished === 1 ? 'group' : 'groups'}`
}

function groupsText({ groups, rows }: Overview): string {
  const words = STATUSES.filter((status) => groups[status] > 0).map((status) => `${grouped(groups[status])} ${status}`)
  return `${grouped(rows.length)} ${rows.length === 1 ? 'group' : 'groups'}${words.length === 0 ? '' : `: ${words.join(', ')}`}`
}

function hostText(host: Host, nowMs: number): string {
  const words = [`${printable(host.name)}: ${hostStateText(host, nowMs)}`]
  if (isMissed(host)) words.push(unfinishedText(host).toUpperCase())
  if (host.settled > 0) words.push(`${grouped(host.settled)} settled`)
  if (host.ratePerSecond !== undefined && host.state !== 'ended') words.push(rateText(host.ratePerSecond))
  if (host.cpu !== undefined) words.push(`cpu ${host.cpu} %`)
  if (host.mem !== undefined) words.push(`mem ${host.mem} %`)
  return words.join(', ')
}

function groupText(row: Row): string {
  const { status, total, completed, failed } = row
  const done =
    total === undefined
      ? grouped(completed)
      : `${grouped(completed)} of ${grouped(total)} (${percentText(completed, total)})`
  return `${status.padEnd(11)}  ${done}${failed > 0 ? `, ${grouped(failed)} failed` : ''}  ${printable(nameOf(row))}`
}

function failedText(row: Row, { atMs }: Overview): string {
  const errors = errorsText(row)
  const example = row.failures[0]
  return [
    groupText(row),
    errors === '' ? '' : `: ${printable(errors)}`,
    example === undefined ? '' : ` (${printable(example.key)}: ${printable(example.message)})`,
    `, ${agoText(row.updatedMs, atMs)}`,
  ].join('')
}

function stuckText(row: Row, { atMs }: Overview): string {
  const why = row.isEnded
    ? 'its run has ended, and not all is settled'
    : `not updated since ${agoText(row.updatedMs, atMs).replace(/ ago$/, '')}`
  return `${groupText(row)}: ${why}${row.instance === undefined ? '' : `, ${printable(row.instance)}`}`
}

function section(
  title: string,
  rows: readonly Row[],
  text: (row: Row, overview: Overview) => string,
  overview: Overview,
): string[] {
  return [`${title}:${rows.length === 0 ? ' none' : ''}`, ...rows.map((row) => `  ${text(row, overview)}`)]
}

/** With the title; says how many are left out. */
function cut(lines: string[], most: number): string[] {
  if (lines.length <= most + 1) return lines
  return [...lines.slice(0, most + 1), `  and ${grouped(lines.length - 1 - most)} more; --json has all of them`]
}

/** What stands in rows was written by others: nothing in it may steer a terminal. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, '\ufffd')
}
