// Bundles the tools into dist/: one entry, and a chunk for each tool and each store that is loaded when it is named.
// A tool may be running while this does: each file is put in its place whole, the entry after its chunks.
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import process from 'node:process'
import { build } from 'esbuild'

const ENTRY = 'run.js'

const { outputFiles } = await build({
  entryPoints: ['src/cli/run.ts'],
  outdir: 'dist',
  bundle: true,
  splitting: true,
  write: false,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  minifyWhitespace: true,
  legalComments: 'none',
  alias: { cliui: './build/no-layout.js', 'string-width': './build/no-layout.js' },
  // yargs reaches for require(), which an ES module does not have.
  banner: {
    js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);",
  },
})

mkdirSync('dist', { recursive: true })
const files = outputFiles.map(({ path, contents }) => ({ name: basename(path), contents }))
for (const { name, contents } of files.sort((a, b) => (a.name === ENTRY) - (b.name === ENTRY))) {
  writeFileSync(`dist/.${process.pid}`, contents)
  renameSync(`dist/.${process.pid}`, `dist/${name}`)
}
// A file with a dot is one that another build, running beside this one, is writing.
const names = new Set(files.map(({ name }) => name))
for (const name of readdirSync('dist'))
  if (!name.startsWith('.') && !names.has(name)) rmSync(`dist/${name}`, { force: true })
