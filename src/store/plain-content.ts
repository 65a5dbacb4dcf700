/** Bytes that are there as the content of a key. Pure. */
import type { Content } from './contract.ts'

export function plainContent(bytes: Uint8Array): Content {
  return { form: 'plain', body: () => onePiece(bytes), sizeBytes: bytes.length }
}

/** One function for all: what a closure of its own generates has a prototype of its own, which no other code has met. */
export async function* onePiece(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  if (bytes.length > 0) yield bytes
}
