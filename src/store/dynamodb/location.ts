/** A location of DynamoDB, as a user may write it, to the table that it names. Pure. */
import { RekeyError } from '../../record/errors.ts'

/** Takes `dynamodb://TABLE` and `dynamodb://TABLE/`. Throws E_LOCATION. */
export function readLocation(location: string): string {
  const [, table = '', rest = ''] = /^dynamodb:\/\/([^/?#]*)(.*)$/is.exec(location) ?? []
  if (table.includes('@') || table.includes(':')) {
    throw new RekeyError(
      'E_LOCATION',
      'a location of DynamoDB is dynamodb://TABLE; keys come from the environment or --profile, a server from --endpoint',
    )
  }
  if (!TABLE.test(table) || !/^\/?$/.test(rest)) {
    throw new RekeyError(
      'E_LOCATION',
      `"${location}" names no table: write dynamodb://TABLE, the table as 3 to 255 letters, digits, dots, hyphens and underscores`,
    )
  }
  return table
}

/** The name of the store. */
export function tableLocation(table: string): string {
  return `dynamodb://${table}`
}

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html */
const TABLE = /^[A-Za-z0-9_.-]{3,255}$/
