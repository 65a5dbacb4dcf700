// In the place of what yargs would lay out a help text with, which takes a third of each start to load: src/cli/help.ts
// writes the help, and yargs reads the command line.
export default function layout() {
  throw new Error('yargs is not to print: its help is switched off, and its complaints are for src/cli/parse.ts')
}
