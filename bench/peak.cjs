// Loaded before a tool (node --require): when the process ends, adds its name and its highest resident memory in kB, as
// the kernel has kept it, to the file that PEAK_FILE names.
const { appendFileSync, readFileSync } = require('node:fs')
const { basename } = require('node:path')

process.on('exit', () => {
  const [, peak] = /VmHWM:\s*(\d+)/.exec(readFileSync('/proc/self/status', 'utf8')) ?? []
  appendFileSync(process.env.PEAK_FILE, `${basename(process.argv[1] ?? 'node')} ${peak}\n`)
})
