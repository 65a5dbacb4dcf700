/** The time that fields of a hash tell. Pure. */

const ISO_8601 = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$/
const NUMBER = /^\d{9,14}(?:\.\d+)?$/
/** Below this a number counts seconds (until the year 5138), from it on milliseconds (since 1973). */
const FIRST_MILLISECONDS = 1e11

/** The latest of these times, in milliseconds since 1970; what cannot be read as a time counts for nothing. */
export function latestTime(texts: readonly (string | undefined)[]): number | undefined {
  let latest: number | undefined
  for (const text of texts) {
    const time = text === undefined ? undefined : readTime(text)
    if (time !== undefined && (latest === undefined || time > latest)) latest = time
  }
  return latest
}

/** ISO 8601, in UTC where it names no zone; or seconds or milliseconds since 1970. */
function readTime(text: string): number | undefined {
  if (NUMBER.test(text)) {
    const number = Number(text)
    return Math.floor(number < FIRST_MILLISECONDS ? number * 1000 : number)
  }
  const iso = ISO_8601.exec(text)
  if (iso === null) return undefined
  const time = Date.parse(text.replace(' ', 'T') + (text.length > 10 && iso[1] === undefined ? 'Z' : ''))
  return Number.isNaN(time) ? undefined : time
}
