import type { Store, StoreSettings } from '../contract.ts'
import type { Surroundings } from '../open.ts'

export async function openRedis(
  _location: string,
  _settings: StoreSettings,
  _surroundings: Surroundings,
): Promise<Store> {
  throw new Error('stub')
}
