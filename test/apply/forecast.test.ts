/** What --dry-run foresees: requests, their price, bytes and time. */
import { describe, expect, test } from 'vitest'
import { bytesText, DEFAULT_PRICES, durationText, Forecast } from '../../src/apply/forecast.ts'
import { parsePrices } from '../../src/apply/prices.ts'
import type { Store, StoreWork } from '../../src/store/contract.ts'
import { runTool } from '../run-tool.ts'

const counting = {
  requests: (work: StoreWork): Readonly<Record<string, number>> =>
    work === 'look' ? { ListObjectsV2: 1 / 1000 } : { CopyObject: 1 },
} as unknown as Store

describe('a forecast', () => {
  test('has nothing to say where no store counts requests and no rate is given', () => {
    expect(new Forecast(DEFAULT_PRICES, undefined).toText()).toBeUndefined()
  })

  test('names requests, their price, bytes and time', () => {
    const forecast = new Forecast(DEFAULT_PRICES, 200)
    for (let key = 0; key < 1_500_000; key++) {
      forecast.count(2_000)
      forecast.ask(counting, 'look', 2_000)
      forecast.ask(counting, 'copy', 2_000)
    }
    expect(forecast.toText()).toBe(
      'forecast: 1,500,000 keys, 3.00 GB, 1,500 ListObjectsV2, 1,500,000 CopyObject, $7.51, 2 h 5 min at 200 keys a second',
    )
  })

  test('says which requests have no price', () => {
    const forecast = new Forecast({ ListObjectsV2: 1 }, undefined)
    forecast.count(5)
    forecast.ask(counting, 'look', 5)
    forecast.ask(counting, 'copy', 5)
    expect(forecast.toText()).toBe('forecast: 1 keys, 5 bytes, 1 ListObjectsV2, 1 CopyObject, $0.00 without CopyObject')
  })
})

test.each([
  [0, '0 bytes'],
  [999, '999 bytes'],
  [1_000, '1.00 kB'],
  [1_234_567, '1.23 MB'],
  [5e15, '5.00 PB'],
  [5e18, '5.00e+3 PB'],
])('%d bytes are %s', (bytes, text) => expect(bytesText(bytes)).toBe(text))

test.each([
  [0, '0 s'],
  [0.2, '1 s'],
  [61, '1 min 1 s'],
  [7325, '2 h 2 min'],
])('%d seconds are %s', (seconds, text) => expect(durationText(seconds)).toBe(text))

test.each([
  ['[]', /must hold an object/],
  ['{', /is not JSON/],
  ['{"CopyObject":"5"}', /"CopyObject" must be a number/],
  ['{"CopyObject":-1}', /"CopyObject" must be a number/],
  ['{"CopyObjects":0.004}', /no forecast counts "CopyObjects"; it counts ListObjectsV2, CopyObject,/],
])('the price table %s is refused', (text, message) => expect(() => parsePrices('p.json', text)).toThrow(message))

test('--prices without --dry-run is refused, and nothing is read', async () => {
  const run = await runTool('copy-apply', { args: ['--prices', 'none.json'], stdin: '{"key":"a"}\n' })
  expect(run).toMatchObject({ code: 2, stdout: '' })
  expect(run.stderr).toContain('--prices is for the forecast of --dry-run')
})
