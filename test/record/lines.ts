/** The codec as a test calls it: bytes in, lines out. */
import { decode } from '../../src/record/decode.ts'
import type { Line } from '../../src/record/line.ts'

export async function linesOf(chunks: readonly Uint8Array[], maxLineBytes?: number): Promise<Line[]> {
  async function* input() {
    yield* chunks
  }
  const lines: Line[] = []
  for await (const batch of decode(input(), maxLineBytes)) lines.push(...batch)
  return lines
}

export async function textsOf(input: string): Promise<string[]> {
  return (await linesOf([Buffer.from(input)])).map(({ text }) => text)
}
