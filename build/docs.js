// Writes what the tools' declarations say into README.md and docs/man: `npm run docs`. build/docs/pages.ts says what.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import process from 'node:process'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'

const BUNDLE = `node_modules/.docs-${process.pid}.mjs`

await build({
  entryPoints: ['build/docs/pages.ts'],
  outfile: BUNDLE,
  bundle: true,
  packages: 'external',
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
})
const { pages } = await import(pathToFileURL(BUNDLE).href).finally(() => rmSync(BUNDLE))
for (const [path, text] of Object.entries(await pages())) {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}
