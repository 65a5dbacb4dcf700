/** What is known of an item, as the contract has it. Pure. */
import type { Entry } from '../contract.ts'
import { latestTime } from '../mtime.ts'
import type { Item } from './attribute-value.ts'
import { keyOfItem } from './key-schema.ts'
import { plainMembers } from './plain-value.ts'
import type { Table } from './table.ts'

/** Of an item of which all attributes are there: its etag too, and its value where that is wanted. */
export function wholeEntry(table: Table, item: Item, withValue = false): Entry {
  return {
    etag: table.digests.etag(item),
    ...keyEntry(table, item),
    ...(withValue && { value: { value: plainMembers(item) } }),
  }
}

/** Of an item of which the key is there, and the attributes that hold a time. */
export function keyEntry({ description, mtimeFields }: Table, item: Item): Entry {
  const key = keyOfItem(description.schema, item)
  const mtimeMs = mtimeOf(item, mtimeFields)
  return mtimeMs === undefined ? { key } : { key, mtimeMs }
}

/** The latest time that these attributes hold, as text or number. */
export function mtimeOf(item: Item, fields: readonly string[]): number | undefined {
  return fields.length === 0 ? undefined : latestTime(fields.map((name) => item[name]?.S ?? item[name]?.N))
}
