/** What the locations of all stores have in common. */

/** `scheme://user:password@host` without what stands before the host; any other location as it is. */
export function withoutCredentials(location: string): string {
  return location.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#]*@/i, '$1')
}
