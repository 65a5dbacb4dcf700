/** Opens a table. */
import { busyLoop } from '../aws/busy-loop.ts'
import { Gate } from '../aws/gate.ts'
import type { Store, StoreSettings } from '../contract.ts'
import type { Surroundings } from '../open.ts'
import { readLocation } from './location.ts'

/**
 * Asks what the table is, so that a missing one and wrong credentials are found before the first record. Throws E_LOCATION,
 * E_AUTH, E_DENIED, E_CONNECTION, E_TIMEOUT, E_BUSY, E_USAGE.
 */
export async function openDynamoDb(
  location: string,
  settings: StoreSettings,
  surroundings: Surroundings,
): Promise<Store> {
  const name = readLocation(location)
  // The SDK is large: a location that is none is told without it.
  const [{ setUp }, { describeTable }, { Capacity }, { Table }, { dynamoDbStore }] = await Promise.all([
    import('./set-up.ts'),
    import('./describe-table.ts'),
    import('./capacity.ts'),
    import('./table.ts'),
    import('./dynamodb-store.ts'),
  ])
  const { aws = {}, timeoutMs, concurrency, mtimeFields, readUnitsPerSecond, writeUnitsPerSecond } = settings
  const client = await setUp({ aws, env: surroundings.env, timeoutMs })
  try {
    const table = new Table({
      client,
      name,
      description: await describeTable(client, name),
      gate: new Gate(concurrency, busyLoop()),
      read: new Capacity(readUnitsPerSecond, Date.now),
      written: new Capacity(writeUnitsPerSecond, Date.now),
      mtimeFields,
      now: Date.now,
    })
    return dynamoDbStore(table, settings)
  } catch (thrown) {
    client.destroy()
    throw thrown
  }
}
