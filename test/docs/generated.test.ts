/** What is made from the tools' declarations is what is committed, and says what the code does. */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, inject, test } from 'vitest'
import type { Capabilities } from '../../build/docs/capabilities.ts'
import { CAPABILITIES } from '../../build/docs/capabilities.ts'
import { ENVIRONMENT } from '../../build/docs/environment.ts'
import { fill } from '../../build/docs/markers.ts'
import { pages } from '../../build/docs/pages.ts'
import manifest from '../../package.json' with { type: 'json' }
import type { Store } from '../../src/store/contract.ts'
import { STORE_DEFAULTS } from '../../src/store/contract.ts'
import { openStore } from '../../src/store/open.ts'
import { directoryWith } from '../directory.ts'
import { ROOT } from '../run-tool.ts'
import { dynamoDbServer, freshTable } from '../servers/dynamodb.ts'
import { freshBucket, s3Server } from '../servers/s3.ts'
import { openAt as openTable } from '../store/dynamodb/open.ts'
import { openAt } from '../store/s3/open.ts'

const generated = await pages()

describe('npm run docs has nothing to write', () => {
  test.each(Object.entries(generated))('%s', (path, text) => {
    expect(readFileSync(ROOT + path, 'utf8') === text ? '' : `${path} is stale: npm run docs`).toBe('')
  })
})

describe('the man pages', () => {
  const manuals = Object.keys(generated).filter((path) => path.endsWith('.1'))

  test('package.json has all of them', () => {
    expect(manifest.man.toSorted()).toEqual(manuals.toSorted())
    expect(
      readdirSync(`${ROOT}docs/man`)
        .map((name) => `docs/man/${name}`)
        .sort(),
    ).toEqual(manuals.toSorted())
  })

  test.each(manuals)('%s holds no text that begins like a request, and no stray backslash', (path) => {
    const text = generated[path] ?? ''
    const requests = text.match(/^[.'].*$/gm) ?? []
    expect(requests.filter((line) => !/^\.(\\"|TH |SH |PP$|TP$|nf$|fi$|RS$|RE$|br$|BR )/.test(line))).toEqual([])
    expect(text.match(/\\(?!["e&-]|f[BIR]|\((?:ha|ti|ga|aq))/g)).toBe(null)
  })
})

describe('the environment', () => {
  /** The names that src asks its surroundings for. */
  const asked = execFileSync('grep', ['-rhoE', "(env|envStartingWith)\\('[A-Z0-9_]+'\\)|'REKEY_[A-Z0-9_]+'", 'src'], {
    cwd: ROOT,
  })
    .toString()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.replace(/\('AWS_\w+'\)/, "('AWS_*')"))
    .map((line) => line.replace(/^\w*\(?'(.*?)'\)?$/, '$1') + (line.startsWith('envStartingWith') ? '*' : ''))
    // What there is of these is Amazon's to say.
    .filter((name) => !/^AWS_\w/.test(name))

  test('has every variable that the code reads, and no other', () => {
    expect(ENVIRONMENT.map(({ name }) => name).sort()).toEqual([...new Set([...asked, 'TMPDIR', 'AWS_*'])].sort())
  })
})

describe('what the stores can do', () => {
  test('files', async () => {
    expect(capabilitiesOf('files', await open(`${await directoryWith({})}/`))).toEqual(CAPABILITIES[0])
  })

  test('Redis, and a cluster, which is the same store on other servers', async () => {
    const store = await open(`${inject('redis')}/0`)
    expect(capabilitiesOf('Redis', store)).toEqual(CAPABILITIES[1])
    expect({ ...capabilitiesOf('Redis', store), store: 'Redis cluster' }).toEqual(CAPABILITIES[2])
    await store.close()
  })
})

test('what S3 can do', async () => {
  const server = await s3Server()
  const { location } = await freshBucket(server)
  const store = await openAt(server, location)
  expect(capabilitiesOf('S3', store)).toEqual(CAPABILITIES[3])
  await store.close()
})

test('what a JSON file can do', async () => {
  const store = await open('json:customers.json')
  expect(capabilitiesOf('JSON file', store)).toEqual(CAPABILITIES.find((row) => row.store === 'JSON file'))
})

test('what DynamoDB can do', async () => {
  const server = await dynamoDbServer()
  const { location } = await freshTable(server)
  const store = await openTable(server, location)
  expect(capabilitiesOf('DynamoDB', store)).toEqual(CAPABILITIES[4])
  await store.close()
})

describe('markers', () => {
  const page = 'a\n<!-- begin x -->\nold\n<!-- end x -->\nb\n'

  test('what stands between them is replaced', () => {
    expect(fill(page, { x: 'new $& text' })).toBe('a\n<!-- begin x -->\nnew $& text\n<!-- end x -->\nb\n')
  })

  test('a marker that is missing, or one too many, is an error', () => {
    expect(() => fill(page, { x: '', y: '' })).toThrow('no marker for y')
    expect(() => fill(page, {})).toThrow('nothing is made for the marker "x"')
  })
})

function open(location: string): Promise<Store> {
  return openStore(location, STORE_DEFAULTS, {
    env: () => undefined,
    envStartingWith: () => [],
    processName: { host: 'test', pid: 1 },
    isAlive: () => true,
    compileSooner: () => {},
    die: () => {},
    warn: () => {},
  })
}

function capabilitiesOf(name: string, store: Store): Capabilities {
  const { traits } = store
  return {
    store: name,
    list: true,
    ordered: traits.ordered,
    copy: store.copy !== undefined,
    readWrite: store.read !== undefined && store.write !== undefined,
    guards: traits.guards,
    digest: store.digest !== undefined,
    remove: store.remove !== undefined,
  }
}
