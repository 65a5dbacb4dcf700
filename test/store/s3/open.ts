/** S3 stores for tests, on a bucket of their own. */
import { vi } from 'vitest'
import type { Key } from '../../../src/record/key.ts'
import type { Store, StoreSettings } from '../../../src/store/contract.ts'
import { STORE_DEFAULTS } from '../../../src/store/contract.ts'
import type { Surroundings } from '../../../src/store/open.ts'
import { openS3 } from '../../../src/store/s3/open-s3.ts'
import type { S3Access } from '../../servers/s3.ts'
import { s3Environment } from '../../servers/s3.ts'

export const signal = new AbortController().signal

/** Surroundings that hold these environment variables, and keep what they are warned of. */
export function surroundings(variables: Readonly<Record<string, string>> = {}, warnings: string[] = []): Surroundings {
  return {
    env: (name) => variables[name],
    envStartingWith: (prefix) => Object.keys(variables).filter((name) => name.startsWith(prefix)),
    processName: { host: 'test', pid: 1 },
    isAlive: () => true,
    compileSooner: () => {},
    warn: (message) => void warnings.push(message),
    die: () => {
      throw new Error('a store of S3 never ends the process')
    },
  }
}

export interface OpenOptions {
  readonly settings?: Partial<StoreSettings>
  readonly variables?: Readonly<Record<string, string>>
  readonly warnings?: string[]
  readonly firstKeys?: readonly Key[]
}

/** Opens it as a user of the server. The SDK, which only sets the store up, reads the environment of the process. */
export async function openAt(access: S3Access, location: string, options: OpenOptions = {}): Promise<Store> {
  const { settings = {}, variables, warnings, firstKeys } = options
  for (const [name, value] of Object.entries(s3Environment(access))) vi.stubEnv(name, value)
  try {
    return await openS3(location, { ...STORE_DEFAULTS, ...settings }, surroundings(variables, warnings), firstKeys)
  } finally {
    vi.unstubAllEnvs()
  }
}
