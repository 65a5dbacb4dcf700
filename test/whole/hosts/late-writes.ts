/**
 * Whether only those have copied who held the part: of each part, tokens grow from one start to the next, and from the
 * moment the next holder has started, no connection copies that had copied for an earlier one.
 */
import type { Copy, Note } from './redis-log.ts'

/** What speaks against it, a line each. */
export function lateWrites(
  events: readonly (Note | Copy)[],
  partOf: (key: string) => string | undefined,
): readonly string[] {
  const holders = new Map<string, Note>()
  // By part and connection: a port may be used again by somebody who works on another part.
  const owners = new Map<string, Note>()
  const known = new Set<Note>()
  const found: string[] = []
  for (const event of events) {
    if (event.kind !== 'copy') {
      if (event.kind === 'stop') continue
      const before = holders.get(event.part)
      if (before !== undefined && before.token >= event.token)
        found.push(`${tell(event)} started after ${tell(before)}`)
      holders.set(event.part, event)
      continue
    }
    const part = partOf(event.key) ?? ''
    const holder = holders.get(part)
    if (holder === undefined) {
      found.push(`${event.key} was copied before anybody had started on its part`)
      continue
    }
    const connection = `${part} ${event.client}`
    if (!known.has(holder) && !owners.has(connection)) {
      known.add(holder)
      owners.set(connection, holder)
    }
    const owner = owners.get(connection)
    if (owner !== holder) found.push(`${event.key} was copied by ${tell(owner)} after ${tell(holder)} had started`)
  }
  return found
}

function tell(start: Note | undefined): string {
  return start === undefined ? 'somebody unknown' : `${start.worker} with token ${start.token} of ${start.part}`
}
