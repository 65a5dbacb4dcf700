// The lines of a stream of bytes, cut at line feeds alone. Node's readline cuts at U+2028 and U+2029 too from Node 24 on, which
// jq prints as they are, and a record with one in its key would be torn.

/** Each line as text, without its end; the last also where it has none. Holds one line. */
export async function* lines(chunks) {
  let held = []
  for await (const chunk of chunks) {
    let from = 0
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, from)) {
      held.push(chunk.subarray(from, end))
      yield textOf(held)
      held = []
      from = end + 1
    }
    if (from < chunk.length) held.push(chunk.subarray(from))
  }
  if (held.length > 0) yield textOf(held)
}

const LINE_FEED = 0x0a

function textOf(pieces) {
  return Buffer.concat(pieces).toString('utf8').replace(/\r$/, '')
}
