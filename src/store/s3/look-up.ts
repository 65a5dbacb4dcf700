/**
 * Looks at keys, whichever way costs least. Dense ones are found in pages of a listing, a thousand keys a request; the
 * rest is asked for one by one. Holds one page.
 */
import { type RekeyError, toRekeyError } from '../../record/errors.ts'
import type { Key } from '../../record/key.ts'
import { keyText } from '../../record/key.ts'
import { failureOf } from './classify.ts'
import type { Bucket } from './connection.ts'
import { nameOf } from './key-name.ts'
import { compare, inOrder } from './key-order.ts'
import { headsBeforePage, isWorth, sharedPrefix } from './look-plan.ts'
import { objectPage, pageQuery } from './object-page.ts'
import { NEEDS } from './permissions.ts'
import { Sought } from './sought.ts'
import type { StoredObject } from './stored-object.ts'
import { objectOf } from './stored-object.ts'

export type Found = StoredObject | undefined | RekeyError

/** One answer per key, in order. Never throws: a look that fails fails for the keys that it was for. */
export async function lookUp(bucket: Bucket, keys: readonly Key[], signal: AbortSignal): Promise<readonly Found[]> {
  const names = keys.map(nameOf)
  const sought = new Sought(inOrder(names.filter(isText)))
  const rest = await listed(bucket, sought, signal)
  await Promise.all(
    rest.map(async (name) => {
      sought.answer(name, await head(bucket, name, signal))
    }),
  )
  return sought.answersTo(names)
}

function isText(name: string | RekeyError): name is string {
  return typeof name === 'string'
}

/** What a look at these keys asks for first, where that is a page of a listing; undefined where it is something else. */
export function firstQuery(keys: readonly Key[]): string | undefined {
  const names = inOrder(keys.map(nameOf).filter(isText))
  const [first = ''] = names
  return headsBeforePage(names.length, 0) > 0 ? undefined : pageQuery(sharedPrefix(first, names.at(-1) ?? ''), first)
}

/** As `lookUp`, but each by itself: only so its headers are told. */
export async function headEach(bucket: Bucket, keys: readonly Key[], signal: AbortSignal): Promise<readonly Found[]> {
  return await Promise.all(
    keys.map(async (key) => {
      const name = nameOf(key)
      return isText(name) ? await head(bucket, name, signal) : name
    }),
  )
}

/** `headers` ask for more. Undefined for a key that is absent, or of which the newest version is a delete marker. */
export async function head(
  bucket: Bucket,
  name: string,
  signal: AbortSignal,
  headers?: Readonly<Record<string, string>>,
): Promise<Found> {
  try {
    const request = { method: 'HEAD', key: name } as const
    const reply = await bucket.send(headers === undefined ? request : { ...request, headers }, signal)
    if (reply.status === 404) return undefined
    return reply.status < 300 ? objectOf(name, reply.headers) : failureOf(reply, `HEAD ${keyText(name)}`, NEEDS.look)
  } catch (thrown) {
    return toRekeyError(thrown)
  }
}

/** Looks up in a listing what is worth it, others beside it, and gives back the names that are still open. */
async function listed(bucket: Bucket, sought: Sought, signal: AbortSignal): Promise<readonly string[]> {
  const { names } = sought
  const prefix = sharedPrefix(names[0] ?? '', names.at(-1) ?? '')
  const rest: string[] = []
  for (let at = 0, misses = 0; at < names.length; ) {
    const heads = headsBeforePage(names.length - at, misses)
    rest.push(...names.slice(at, at + heads))
    at += heads
    if (at === names.length) break
    try {
      const { objects, isTruncated } = await objectPage(bucket, prefix, names[at] as string, signal)
      for (const object of objects) sought.answer(object.key, object)
      const last = objects.at(-1)?.key ?? ''
      const from = at
      while (at < names.length && (!isTruncated || compare(names[at] as string, last) <= 0)) at++
      misses = isWorth(at - from) ? 0 : misses + 1
    } catch (thrown) {
      const error = toRekeyError(thrown)
      // Who may not list may be allowed to look at each object.
      if (error.code === 'E_DENIED') return [...rest, ...names.slice(at)]
      for (const name of names.slice(at)) sought.answer(name, error)
      return rest
    }
  }
  return rest
}
