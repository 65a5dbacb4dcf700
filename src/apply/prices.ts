/** The price table of --prices: a JSON object of dollars for 1,000 requests, by the request's name. */
import { RekeyError } from '../record/errors.ts'
import type { Context } from '../stage/stage.ts'
import type { Arguments, Flag } from '../stage/tool.ts'
import { flag, text } from '../stage/tool.ts'
import type { Prices } from './forecast.ts'
import { DEFAULT_PRICES } from './forecast.ts'

export const PRICES_FLAG: Flag = {
  type: 'string',
  value: 'FILE',
  help: 'dollars for 1,000 requests by name, as JSON: {"CopyObject": 0.005}; for the forecast of --dry-run',
}

/** The file of --prices. Throws E_USAGE where there is no forecast to need it. */
export function pricesOf(args: Arguments): string | undefined {
  const path = text(args, 'prices')
  if (path === undefined || flag(args, 'dry-run')) return path
  throw new RekeyError('E_USAGE', '--prices is for the forecast of --dry-run: give both')
}

/** The default prices with those of the file in their place. Throws E_USAGE that names the file and what is wrong. */
export async function readPrices(path: string | undefined, context: Context): Promise<Prices> {
  if (path === undefined) return DEFAULT_PRICES
  const chunks: Uint8Array[] = []
  for await (const chunk of context.readFile(path)) chunks.push(chunk)
  return { ...DEFAULT_PRICES, ...parsePrices(path, Buffer.concat(chunks).toString('utf8')) }
}

/** Pure. */
export function parsePrices(path: string, text: string): Prices {
  let table: unknown
  try {
    table = JSON.parse(text)
  } catch (error) {
    throw new RekeyError('E_USAGE', `--prices: ${path} is not JSON: ${(error as Error).message}`)
  }
  if (typeof table !== 'object' || table === null || Array.isArray(table)) {
    throw new RekeyError('E_USAGE', `--prices: ${path} must hold an object: {"CopyObject": 0.005}, dollars for 1,000`)
  }
  for (const [name, price] of Object.entries(table)) {
    if (!Object.hasOwn(DEFAULT_PRICES, name)) {
      const names = Object.keys(DEFAULT_PRICES).join(', ')
      throw new RekeyError('E_USAGE', `--prices: ${path}: no forecast counts "${name}"; it counts ${names}`)
    }
    if (typeof price === 'number' && price >= 0) continue
    throw new RekeyError('E_USAGE', `--prices: ${path}: "${name}" must be a number of dollars for 1,000 requests`)
  }
  return table as Prices
}
