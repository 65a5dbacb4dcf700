/**
 * Gives memory back that has outlived many collections, and that nobody looks at any more. Left to itself it waits for a
 * full one; moved to a buffer that nobody has, it goes with the young.
 */
export function letGo({ buffer }: Int32Array<ArrayBuffer>): void {
  structuredClone(undefined, { transfer: [buffer] })
}
