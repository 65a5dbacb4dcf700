/** An item as the SDK has it. These types stay in this folder. */
import type { AttributeValue } from '@aws-sdk/client-dynamodb'

export type { AttributeValue }
export type Item = Record<string, AttributeValue>

/**
 * Whether an item is not what the table holds: of an attribute that is called `__proto__` the SDK gives the name without the
 * value, and would write it back without either.
 */
export function isMutilated(item: Item): boolean {
  return Object.getOwnPropertyDescriptor(item, '__proto__')?.value === undefined && Object.hasOwn(item, '__proto__')
}
