/** Lines to parts, without a store: every line in one part, to the letter, whatever spills. */
import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { openScratch } from '../../../src/cli/scratch.ts'
import type { Item } from '../../../src/transform/shard/divider.ts'
import { dividerFor } from '../../../src/transform/shard/divider.ts'
import { PartSpool } from '../../../src/transform/shard/part-spool.ts'

interface Divided {
  readonly texts: string[]
  readonly weights: number[]
}

async function divide(
  how: 'even' | 'weighted' | 'groups',
  parts: number,
  items: readonly Item[],
  batchSize: number,
  blockRecords?: number,
): Promise<Divided> {
  const spool = new PartSpool(parts, openScratch)
  const divider = dividerFor(how, parts, spool, openScratch, blockRecords)
  try {
    for (const [at, item] of items.entries()) {
      await divider.add(item)
      if (at % batchSize === 0) await divider.settle()
    }
    await divider.finish()
    const summaries = await spool.finish()
    const texts: string[] = []
    for (const [number, { count, sizeBytes, sha256 }] of summaries.entries()) {
      const chunks: Uint8Array[] = []
      for await (const chunk of spool.bytes(number)) chunks.push(chunk)
      const bytes = Buffer.concat(chunks)
      expect([bytes.length, createHash('sha256').update(bytes).digest('hex')]).toEqual([sizeBytes, sha256])
      expect(bytes.toString().split('\n').length - 1).toBe(count)
      texts.push(bytes.toString())
    }
    return { texts, weights: summaries.map((_, part) => divider.weightOf(part)) }
  } finally {
    divider.close()
    spool.close()
  }
}

const anyItem = fc.record({
  lineText: fc
    .oneof(
      fc.string({ unit: 'grapheme' }),
      fc.nat(200_000).map((length) => 'é'.repeat(length)),
    )
    .map((text) => text.replaceAll('\n', '')),
  weight: fc.nat(9),
  group: fc.constantFrom('a', 'b', 'c', 'd', Buffer.from([0xff])),
})

test('one that is heavy and comes last is evened out by those before it', async () => {
  const light = Array.from({ length: 21 }, (_, at) => ({ lineText: String(at), weight: 1, group: undefined }))
  const { weights } = await divide('weighted', 2, [...light, { ...light[0], lineText: '21', weight: 8 } as Item], 5, 7)
  expect(weights.toSorted()).toEqual([14, 15])
})

test('each line is in one part, in the order of the input; groups are whole; the cut of batches says nothing', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('even', 'weighted', 'groups'),
      fc.integer({ min: 1, max: 6 }),
      fc.array(anyItem, { maxLength: 40 }),
      fc.integer({ min: 1, max: 10 }),
      async (how, parts, some, batchSize) => {
        const items = some.map((item, at) => ({
          ...item,
          weight: how === 'even' ? 1 : item.weight,
          lineText: `${at} ${item.lineText}`,
        }))
        const { texts, weights } = await divide(how, parts, items, batchSize, 7)
        expect((await divide(how, parts, items, 1000, 7)).texts).toEqual(texts)
        const lines = texts.map((text) => text.split('\n').slice(0, -1))
        const numbers = lines.map((part) => part.map((line) => Number.parseInt(line, 10)))
        for (const part of numbers) expect(part).toEqual(part.toSorted((a, b) => a - b))
        const all = lines.flat().toSorted((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10))
        expect(all).toEqual(items.map(({ lineText }) => lineText))
        const weightsFound = numbers.map((part) => part.reduce((sum, at) => sum + (items[at]?.weight ?? 0), 0))
        expect(weights).toEqual(weightsFound)
        const units = how === 'groups' ? groupWeights(items) : items.map(({ weight }) => weight)
        expect(Math.max(...weights) - Math.min(...weights)).toBeLessThanOrEqual(Math.max(0, ...units))
        if (how !== 'groups') return
        const placesOf = new Map<string, Set<number>>()
        for (const [number, part] of numbers.entries()) {
          for (const at of part) {
            const name = String(items[at]?.group)
            placesOf.set(name, (placesOf.get(name) ?? new Set()).add(number))
          }
        }
        for (const places of placesOf.values()) expect(places.size).toBe(1)
      },
    ),
    { numRuns: 100 },
  )
})

test('many parts of many lines, far beyond what is held', async () => {
  const items = Array.from({ length: 30_000 }, (_, at) => ({
    lineText: `${at} ${'x'.repeat(300)}`,
    weight: 1,
    group: undefined,
  }))
  const { texts } = await divide('even', 3000, items, 100)
  expect(
    texts[7]
      ?.split('\n')
      .map((line) => Number.parseInt(line, 10))
      .slice(0, 3),
  ).toEqual([7, 3007, 6007])
  expect(texts.every((text) => text.length > 3000)).toBe(true)
})

function groupWeights(items: readonly Item[]): number[] {
  const weights = new Map<string, number>()
  for (const { group, weight } of items) weights.set(String(group), (weights.get(String(group)) ?? 0) + weight)
  return [...weights.values()]
}
