/** Location to lease space. The code of each kind is loaded only when a location names it. */
import { RekeyError } from '../../record/errors.ts'
import type { StoreSettings } from '../contract.ts'
import type { Surroundings } from '../open.ts'
import { schemeOf } from '../open.ts'
import type { LeaseSpace } from './contract.ts'

type Opener = (location: string, settings: StoreSettings, surroundings: Surroundings) => Promise<LeaseSpace>

const redis = async () => (await import('./redis.ts')).openRedisLeases

const OPENERS: Readonly<Record<string, () => Promise<Opener>>> = {
  dynamodb: async () => (await import('./dynamodb.ts')).openDynamoDbLeases,
  file: async () => (await import('./file.ts')).openFileLeases,
  redis,
  rediss: redis,
  'redis+cluster': redis,
  'rediss+cluster': redis,
  s3: async () => (await import('./s3.ts')).openS3Leases,
}

/** Opens it, without retry. Throws E_LOCATION, E_AUTH, E_DENIED, E_CONNECTION. */
export async function openLeases(
  location: string,
  settings: StoreSettings,
  surroundings: Surroundings,
): Promise<LeaseSpace> {
  const scheme = schemeOf(location)
  const opener = OPENERS[scheme]
  if (opener === undefined) {
    throw new RekeyError(
      'E_LOCATION',
      `no leases can be kept in "${scheme}:"; there are ${Object.keys(OPENERS).join(', ')} and plain paths`,
    )
  }
  return (await opener())(location, settings, surroundings)
}
