/** A page that is written by hand but for what stands between its markers. Pure. */

/**
 * Puts each text between `<!-- begin NAME -->` and `<!-- end NAME -->`. Throws when a marker is missing, and when the
 * page has one of which there is no text.
 */
export function fill(page: string, texts: Readonly<Record<string, string>>): string {
  const found = new Set<string>()
  const filled = page.replaceAll(/(<!-- begin (.+) -->\n).*?(<!-- end \2 -->)/gs, (_all, begin, name, end) => {
    const text = texts[name]
    if (text === undefined) throw new Error(`nothing is made for the marker "${name}"`)
    found.add(name)
    return `${begin}${text}\n${end}`
  })
  const missing = Object.keys(texts).filter((name) => !found.has(name))
  if (missing.length > 0) throw new Error(`there is no marker for ${missing.join(', ')}`)
  return filled
}
