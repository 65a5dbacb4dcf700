/** Every link of a page to a file of this project leads to one, and to a heading that is there. */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from '../run-tool.ts'

const PAGES = execFileSync('git', ['ls-files', '*.md'], { cwd: ROOT, encoding: 'utf8' }).trim().split('\n')

test.each(PAGES)('%s', (page) => {
  const text = withoutCode(readFileSync(ROOT + page, 'utf8'))
  const targets = [...text.matchAll(/\]\((?!https?:)([^)]*)\)/g)].map(([, target = '']) => target)
  expect(targets.filter((target) => !leadsSomewhere(page, target))).toEqual([])
})

function leadsSomewhere(page: string, target: string): boolean {
  const [path = '', anchor] = target.split('#')
  const file = path === '' ? page : join(dirname(page), path)
  if (!existsSync(ROOT + file)) return false
  return anchor === undefined || anchorsOf(readFileSync(ROOT + file, 'utf8')).includes(anchor)
}

/** Headings as GitHub names them. */
function anchorsOf(text: string): string[] {
  return [...withoutCode(text).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

function withoutCode(text: string): string {
  return text.replaceAll(/^```.*?^```$/gms, '').replaceAll(/`[^`\n]*`/g, '')
}
