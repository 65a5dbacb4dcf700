/** An item as the SDK has it. These types stay in this folder. */
import type { AttributeValue } from '@aws-sdk/client-dynamodb'

export type { AttributeValue }
export type Item = Record<string, AttributeValue>
