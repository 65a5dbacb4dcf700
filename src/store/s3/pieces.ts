/** Content cut into pieces of a size, for a write in parts. Holds the piece that is being filled. */

/** Never empty, not even for no content: then it is one empty piece. `sizeOf` gives the bytes of the nth, from 0. */
export async function* piecesOf(
  body: AsyncIterable<Uint8Array>,
  sizeOf: (nth: number) => number,
): AsyncGenerator<Buffer> {
  let held: Uint8Array[] = []
  let length = 0
  let nth = 0
  for await (const chunk of body) {
    let rest = chunk
    while (length + rest.length > sizeOf(nth)) {
      const room = sizeOf(nth) - length
      yield Buffer.concat([...held, rest.subarray(0, room)])
      rest = rest.subarray(room)
      held = []
      length = 0
      nth++
    }
    if (rest.length > 0) held.push(rest)
    length += rest.length
  }
  if (length > 0 || nth === 0) yield Buffer.concat(held)
}
