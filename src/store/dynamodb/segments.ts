/** Pages of several segments side by side, and the places from which a listing goes on that is made again. */
import type { Bookmark } from '../contract.ts'
import type { Item } from './attribute-value.ts'
import type { Page } from './list-items.ts'

/** How far a segment has come. */
export interface Segment {
  readonly number: number
  start: Item | undefined
  /** pages that it has given */
  pages: number
  isOver: boolean
}

/** The segments of a listing: those that the bookmark knows, or `count` at their beginnings, and the bookmark knows them. */
export function placesOf(bookmark: Bookmark | undefined, count: number): readonly Segment[] {
  if (bookmark?.place !== undefined) return bookmark.place as readonly Segment[]
  const segments = Array.from({ length: count }, (_, number) => ({
    number,
    start: undefined,
    pages: 0,
    isOver: false,
  }))
  if (bookmark !== undefined) bookmark.place = segments
  return segments
}

/**
 * The items of each page as it comes. A segment's place is that behind the last page that was given out. When one fails,
 * what the others have under way is given out before the error is thrown.
 */
export async function* pagesOf(
  segments: readonly Segment[],
  ask: (segment: Segment) => Promise<Page>,
  signal: AbortSignal,
): AsyncGenerator<readonly Item[]> {
  const running = new Map<Segment, Promise<Asked>>()
  const advance = (segment: Segment) =>
    running.set(
      segment,
      ask(segment).then(
        (page) => ({ segment, page }),
        (error: unknown) => ({ segment, error }),
      ),
    )
  for (const segment of segments) if (!segment.isOver) advance(segment)
  let failure: { readonly error: unknown } | undefined
  while (running.size > 0) {
    const asked = await Promise.race(running.values())
    const { segment } = asked
    running.delete(segment)
    if (signal.aborted) return
    if ('error' in asked) {
      failure ??= { error: asked.error }
      continue
    }
    segment.start = asked.page.next
    segment.pages++
    segment.isOver = asked.page.next === undefined
    if (!segment.isOver && failure === undefined) advance(segment)
    if (asked.page.items.length > 0) yield asked.page.items
  }
  if (failure !== undefined) throw failure.error
}

type Asked = { readonly segment: Segment; readonly page: Page } | { readonly segment: Segment; readonly error: unknown }
