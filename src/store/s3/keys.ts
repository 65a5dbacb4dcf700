/** Keys and query values as they stand in a request line, the same on the wire and in what is signed. */

/** A key as the path holds it (RFC 3986): everything but letters, digits, `-._~` and `/` as %XX of its UTF-8 bytes. */
export function encodeKey(key: string): string {
  return PLAIN_KEY.test(key) ? key : encodeQuery(key).replaceAll('%2F', '/')
}

/** The same for a value of a query, in which `/` is encoded too. */
export function encodeQuery(value: string): string {
  return encodeURIComponent(value).replace(LEFT_OVER, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`)
}

/** The same for a key that is no text. */
export function encodeBytes(bytes: Buffer): string {
  return bytes.toString('hex').replace(/../g, (byte) => `%${byte.toUpperCase()}`)
}

const PLAIN_KEY = /^[A-Za-z0-9\-._~/]*$/

/** What encodeURIComponent leaves as it is and AWS does not. */
const LEFT_OVER = /[!'()*]/g
