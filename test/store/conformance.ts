/**
 * What every store must do, whatever it stores in. Called by each store's own test with a description of it; each test
 * opens a fresh, empty store.
 */
import { describe, expect, test } from 'vitest'
import { describeContents } from './conformance/contents.ts'
import { describeCopying } from './conformance/copying.ts'
import { describeListing } from './conformance/listing.ts'
import { describeRemoving } from './conformance/removing.ts'
import type { StoreUnderTest } from './conformance/tried-store.ts'
import { triedStore } from './conformance/tried-store.ts'

export type { Opened, StoreUnderTest } from './conformance/tried-store.ts'

export function describeStore(name: string, under: StoreUnderTest): void {
  describe(`${name} as a store`, () => {
    const tried = triedStore(under.open)

    test('declares what it can do', () => {
      const { ordered, unique, guards, holds } = tried.store.traits
      expect({ ordered, unique, guards: [...guards].sort(), holds: [...holds].sort() }).toEqual({
        ...under.traits,
        guards: [...under.traits.guards].sort(),
        holds: [...under.traits.holds].sort(),
      })
      expect(tried.store.traits.batch).toBeGreaterThan(0)
      expect(tried.store.traits.concurrency).toBeGreaterThan(0)
    })

    describeListing(tried, under)
    describeCopying(tried, under)
    describeContents(tried, under)
    describeRemoving(tried, under)
  })
}
