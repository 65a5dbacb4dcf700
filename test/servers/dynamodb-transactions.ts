/**
 * TransactWriteItems for a server that does not know it, of conditions and deletions: one request goes at a time through
 * the proxy, so that nobody comes between the conditions and the deletions.
 */
import type { Answered, Answering, Asked } from './dynamodb-proxy.ts'
import { dynamoDbError } from './dynamodb-proxy.ts'

/** `before` is run when a transaction has arrived, and nothing of it has been looked at. */
export function transacting(
  before: (asked: Asked) => Promise<Answered | undefined> = async () => undefined,
): Answering {
  let last: Promise<unknown> = Promise.resolve()
  return (asked) => {
    const turn = last.then(async () => {
      if (asked.operation !== 'TransactWriteItems') return await asked.forward()
      return (await before(asked)) ?? (await transact(asked))
    })
    last = turn.catch(() => {})
    return turn
  }
}

async function transact({ body, forward }: Asked): Promise<Answered> {
  const actions = body.TransactItems.map(({ Delete, ConditionCheck }: Asked['body']) => Delete ?? ConditionCheck)
  const names = actions.map(({ TableName, Key }: Asked['body']) => JSON.stringify([TableName, Key]))
  if (new Set(names).size < names.length || names.length > 100)
    return dynamoDbError(
      'ValidationException',
      400,
      'Transaction request cannot include multiple operations on one item',
    )
  // An update that changes nothing asks for a condition alone; each condition here is one of an item that exists.
  const answers: Answered[] = []
  for (const action of actions) answers.push(await forward(action, 'UpdateItem'))
  if (answers.some(({ status }) => status !== 200)) return cancelled(answers)
  for (const { Delete } of body.TransactItems) if (Delete !== undefined) await forward(Delete, 'DeleteItem')
  const capacity = actions.map(({ TableName }: Asked['body']) => ({ TableName, CapacityUnits: 2 }))
  return { status: 200, body: { ConsumedCapacity: capacity } }
}

function cancelled(answers: readonly Answered[]): Answered {
  const CancellationReasons = answers.map(({ status, body }) =>
    status === 200 ? { Code: 'None' } : { Code: REASONS[nameOf(body)] ?? 'ValidationError', Message: body.message },
  )
  return cancellation(CancellationReasons)
}

/** As the service answers it. */
export function cancellation(CancellationReasons: readonly { readonly Code: string }[]): Answered {
  const { status, body } = dynamoDbError('TransactionCanceledException', 400, 'Transaction cancelled')
  return { status, body: { ...body, CancellationReasons } }
}

const REASONS: Readonly<Record<string, string>> = { ConditionalCheckFailedException: 'ConditionalCheckFailed' }

function nameOf({ __type }: { readonly __type: string }): string {
  return __type.split('#').at(-1) ?? ''
}
