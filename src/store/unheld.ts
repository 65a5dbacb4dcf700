/** What of a content a store has no place for that holds bytes and nothing beside them. Pure. */
import type { Content } from './contract.ts'

export function unheld({ type, expiresMs, mtimeMs, mode }: Content): string[] {
  const isPlain = type === undefined || type === 'file' || type === 'string'
  return [
    ...(isPlain ? [] : ['type']),
    ...(expiresMs === undefined ? [] : ['expires']),
    ...(mtimeMs === undefined ? [] : ['mtime']),
    ...(mode === undefined ? [] : ['mode']),
  ]
}
