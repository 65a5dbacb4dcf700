/** manifest.json beside the parts, where there is one: what each part must be. */
import { RekeyError } from '../../record/errors.ts'
import { partNamed } from './part-names.ts'
import type { PartPlace } from './place.ts'

export interface Expected {
  readonly count?: number
  /** `sha256:hex` */
  readonly digest?: string
}

/** By the parts' names; undefined where there is no manifest. Throws E_INPUT when it cannot be read as one. */
export async function readManifest(place: PartPlace): Promise<ReadonlyMap<string, Expected> | undefined> {
  const text = await place.readText(place.manifestKey)
  return text === undefined ? undefined : parseManifest(place.manifestKey, text)
}

/** Takes `{"parts":[{"name","count","sha256"}]}`; the digest may be called `digest`, with `sha256:` before it. */
export function parseManifest(key: string, text: string): ReadonlyMap<string, Expected> {
  let parts: unknown
  try {
    parts = (JSON.parse(text) as { parts?: unknown }).parts
  } catch (error) {
    throw new RekeyError('E_INPUT', `${key}: not JSON: ${(error as Error).message}`)
  }
  if (!Array.isArray(parts)) throw new RekeyError('E_INPUT', `${key}: it has no list "parts"`)
  return new Map(parts.map((part) => [partNamed(String(part?.name ?? part?.key ?? '')), expectedOf(part)]))
}

function expectedOf(part: { count?: unknown; sha256?: unknown; digest?: unknown }): Expected {
  const digest = part.sha256 ?? part.digest
  return {
    ...(typeof part.count === 'number' && { count: part.count }),
    ...(typeof digest === 'string' && { digest: digest.startsWith('sha256:') ? digest : `sha256:${digest}` }),
  }
}
