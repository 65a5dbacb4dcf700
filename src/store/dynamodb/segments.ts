/** Pages of several segments side by side, and the places from which a listing goes on that is made again. */
import type { Bookmark } from '../contract.ts'
import type { Item } from './attribute-value.ts'
import type { Page } from './list-items.ts'

/** How far a segment has come. */
export interface Place {
  /** behind which key its next page begins; undefined at the beginning */
  readonly start: Item | undefined
  /** pages that it has given */
  readonly pages: number
  readonly isOver: boolean
}

export interface Segment {
  readonly number: number
  /** behind the last page that was taken in */
  place: Place
}

/** The segments of a listing: those that the bookmark knows, or `count` at their beginnings, and the bookmark knows them. */
export function placesOf(bookmark: Bookmark | undefined, count: number): readonly Segment[] {
  if (bookmark?.place !== undefined) return bookmark.place as readonly Segment[]
  const segments = Array.from({ length: count }, (_, number) => ({
    number,
    place: { start: undefined, pages: 0, isOver: false },
  }))
  if (bookmark !== undefined) bookmark.place = segments
  return segments
}

/**
 * The items of each page as it comes, while the one behind it is asked for. A page is taken in when the next one is asked
 * for here: where whoever has it throws instead, it comes again. When a segment fails, what the others have under way is
 * given out before the error is thrown.
 */
export async function* pagesOf(
  segments: readonly Segment[],
  ask: (number: number, place: Place) => Promise<Page>,
  signal: AbortSignal,
): AsyncGenerator<readonly Item[]> {
  const running = new Map<Segment, Promise<Asked>>()
  const advance = (segment: Segment, place: Place) =>
    running.set(
      segment,
      ask(segment.number, place).then(
        (page) => ({ segment, page, behind: behind(place, page) }),
        (error: unknown) => ({ segment, error }),
      ),
    )
  for (const segment of segments) if (!segment.place.isOver) advance(segment, segment.place)
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
    if (!asked.behind.isOver && failure === undefined) advance(segment, asked.behind)
    if (asked.page.items.length > 0) yield asked.page.items
    segment.place = asked.behind
  }
  if (failure !== undefined) throw failure.error
}

function behind({ pages }: Place, { next }: Page): Place {
  return { start: next, pages: pages + 1, isOver: next === undefined }
}

type Asked =
  | { readonly segment: Segment; readonly page: Page; readonly behind: Place }
  | { readonly segment: Segment; readonly error: unknown }
