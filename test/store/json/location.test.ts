import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { fragmentOf, parseJsonLocation } from '../../../src/store/json/location.ts'

describe('a location names a file, an array and a member', () => {
  test.each<[string, string, string[] | undefined, string[] | undefined]>([
    ['json:a.json', resolve('a.json'), undefined, undefined],
    ['json:./a.json', resolve('a.json'), undefined, undefined],
    ['JSON:/d/a.json', '/d/a.json', undefined, undefined],
    ['json:///d/a.json', '/d/a.json', undefined, undefined],
    ['json:/a#', '/a', undefined, undefined],
    ['json:/a#customers', '/a', ['customers'], undefined],
    ['json:/a#data.customers', '/a', ['data', 'customers'], undefined],
    ['json:/a#customers/id', '/a', ['customers'], ['id']],
    ['json:/a#/id', '/a', undefined, ['id']],
    ['json:/a#/meta.id', '/a', undefined, ['meta', 'id']],
    ['json:/a#a\\.b.c\\/d\\\\/e', '/a', ['a.b', 'c/d\\'], ['e']],
    ['json:/a#%20', '/a', ['%20'], undefined],
    ['json:/a#b#c', '/a#b', ['c'], undefined],
    ['json:/a#b#', '/a#b', undefined, undefined],
  ])('%s', (location, path, arrayPath, keyPath) => {
    expect(parseJsonLocation(location)).toMatchObject({ path, arrayPath, keyPath })
    // What records carry names the same thing.
    const { location: carried } = parseJsonLocation(location)
    expect(parseJsonLocation(carried)).toEqual(parseJsonLocation(location))
  })

  test.each([
    ['json:', 'names no file'],
    ['json:#a', 'names no file'],
    ['json:a\0b', 'NUL'],
    ['json://host/a.json', 'names a host'],
    ['json:a#b/', 'a member is missing'],
    ['json:a#b/c/d', 'a name with a slash'],
    ['json:a#b..c', 'an empty name'],
    ['json:a#.c', 'an empty name'],
    ['json:a#c.', 'an empty name'],
  ])('%s is refused', (location, problem) => {
    expect(() => parseJsonLocation(location)).toThrow(problem)
  })

  test('names as a fragment are read as the same names', () => {
    const names = ['a.b', 'c/d', 'e\\', '\\.', 'x']
    expect(parseJsonLocation(`json:/a#${fragmentOf(names)}`).arrayPath).toEqual(names)
  })
})
