/** What each exit code says, as README.md and the man pages have it. */

export interface ExitCode {
  readonly code: string
  readonly says: string
}

export const EXIT_CODES: readonly ExitCode[] = [
  { code: '0', says: 'all is well' },
  { code: '1', says: 'finished, and some records failed, differ or are unknown' },
  { code: '2', says: 'usage or configuration; nothing was touched' },
  {
    code: '3',
    says: 'stopped early: a store could not be listed, --fail-fast or --max-errors, stdout full, or closed under copy-apply, delete-apply, run-parts or track-progress',
  },
  { code: '128+n', says: 'stopped by signal n: 130 after SIGINT, 143 after SIGTERM' },
]
