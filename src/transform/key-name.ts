/** A key as directory, name and extension. Pure. */

export interface NameParts {
  /** up to and with the last slash; empty without one */
  readonly directory: string
  readonly name: string
  /** with its dot; empty without one */
  readonly extension: string
}

/** The last dot of the name begins the extension, unless the name begins with it. `extension` '' takes none off. */
export function splitName(key: string, extension?: ''): NameParts {
  const nameAt = key.lastIndexOf('/') + 1
  const dotAt = extension === '' ? -1 : key.lastIndexOf('.')
  const nameEnd = dotAt > nameAt ? dotAt : key.length
  return { directory: key.slice(0, nameAt), name: key.slice(nameAt, nameEnd), extension: key.slice(nameEnd) }
}

export function joinName({ directory, name, extension }: NameParts): string {
  return directory + name + extension
}
