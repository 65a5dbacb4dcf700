/**
 * Conditions under which a write may happen, as the service checks them in the same step. Names and values are given apart
 * from the expression, so that no attribute is taken for a reserved word. Pure.
 */
import type { AttributeValue, Item } from './attribute-value.ts'
import type { KeySchema } from './key-schema.ts'

export interface Condition {
  readonly ConditionExpression: string
  readonly ExpressionAttributeNames: Record<string, string>
  readonly ExpressionAttributeValues?: Record<string, AttributeValue>
}

/** An expression may have 300 operators and 4 KB: so many comparisons fit, whatever the attributes. */
const MOST_COMPARED = 140
/** Of these, so many that an attribute is not there: each takes twice the room. */
const MOST_ABSENT = 60

export function absent({ partition }: KeySchema): Condition {
  return { ConditionExpression: 'attribute_not_exists(#k)', ExpressionAttributeNames: { '#k': partition.name } }
}

export function present({ partition }: KeySchema): Condition {
  return { ConditionExpression: 'attribute_exists(#k)', ExpressionAttributeNames: { '#k': partition.name } }
}

/**
 * The item is there, and each attribute is what it was at the look. The service has no word for "and has no other": of
 * `known`, the attributes that others of the table have, it is said that they are still absent. An added one that no other
 * has goes unnoticed, and so does what comes behind the first 140 by name.
 */
export function unchanged(
  schema: KeySchema,
  seen: Item,
  withDocuments: boolean,
  known: Iterable<string> = [],
): Condition {
  const { partition, sort } = schema
  const parts = ['attribute_exists(#k)']
  const names: Record<string, string> = { '#k': partition.name }
  const values: Record<string, AttributeValue> = {}
  const compared = Object.keys(seen)
    .filter((name) => name !== partition.name && name !== sort?.name)
    .filter((name) => withDocuments || !isDocument(seen[name] as AttributeValue))
    .sort()
    .slice(0, MOST_COMPARED)
  for (const [at, name] of compared.entries()) {
    parts.push(`#${at}=:${at}`)
    names[`#${at}`] = name
    values[`:${at}`] = seen[name] as AttributeValue
  }
  const most = Math.min(MOST_ABSENT, MOST_COMPARED - compared.length)
  for (const [at, name] of [...known]
    .filter((one) => seen[one] === undefined)
    .slice(0, most)
    .entries()) {
    parts.push(`attribute_not_exists(#n${at})`)
    names[`#n${at}`] = name
  }
  const condition = { ConditionExpression: parts.join(' AND '), ExpressionAttributeNames: names }
  return compared.length === 0 ? condition : { ...condition, ExpressionAttributeValues: values }
}

export function holdsDocuments(item: Item): boolean {
  return Object.values(item).some(isDocument)
}

function isDocument({ L, M }: AttributeValue): boolean {
  return L !== undefined || M !== undefined
}
