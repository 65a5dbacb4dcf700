/** What somebody may have meant by a word that is not on the list. */

/** The word of the list with the fewest edits to `typed`; undefined when none is within a third of its letters. */
export function nearest(typed: string, words: readonly string[]): string | undefined {
  let best: { readonly word: string; readonly edits: number } | undefined
  for (const word of words) {
    const edits = editDistance(typed, word)
    if (edits <= Math.ceil(word.length / 3) && edits < (best?.edits ?? Number.POSITIVE_INFINITY)) best = { word, edits }
  }
  return best?.word
}

/** Letters put in, left out, exchanged, or swapped with their neighbour (optimal string alignment). */
export function editDistance(from: string, to: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: to.length + 1 }, (_, column) => column)
  for (let row = 1; row <= from.length; row++) {
    const present = [row]
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1]
      const swapped = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]
      present[column] = Math.min(
        (last[column] as number) + 1,
        (present[column - 1] as number) + 1,
        (last[column - 1] as number) + (same ? 0 : 1),
        swapped ? (beforeLast[column - 2] as number) + 1 : Number.POSITIVE_INFINITY,
      )
    }
    beforeLast = last
    last = present
  }
  return last[to.length] as number
}
