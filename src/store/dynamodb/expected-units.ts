/** The capacity units that a key will take, for a forecast; as it goes when nothing has to be asked twice. Pure. */
import type { StoreWork } from '../contract.ts'

const READ_BYTES = 4096
const WRITE_BYTES = 1024

/**
 * `itemBytes` is what is known of the item's size, 0 for nothing. A look is one at a destination that is free. Indexes take
 * write units of their own, which are not in here.
 */
export function expectedUnits(work: StoreWork, itemBytes: number): Readonly<Record<string, number>> {
  const read = Math.max(1, Math.ceil(itemBytes / READ_BYTES))
  const write = Math.max(1, Math.ceil(itemBytes / WRITE_BYTES))
  switch (work) {
    case 'look':
      return { ReadUnits: 1 }
    case 'read':
      return { ReadUnits: read }
    case 'copy':
      return { ReadUnits: read, WriteUnits: write }
    case 'write':
      return { WriteUnits: write }
    case 'remove':
      // Looked at once as a witness's other side, and once before it goes.
      return { ReadUnits: 2 * read, WriteUnits: write }
    case 'remove-witnessed':
      // Both items are looked at, and are in one transaction, of which each unit counts twice.
      return { ReadUnits: 2 * read, WriteUnits: 4 * write }
  }
}
