import { beforeAll } from 'vitest'
import type { Key } from '../../../src/record/key.ts'
import type { DynamoDbServer } from '../../servers/dynalite.ts'
import type { Table } from '../../servers/dynamodb.ts'
import { dynamoDbServer, freshTable } from '../../servers/dynamodb.ts'
import type { StoreUnderTest } from '../conformance.ts'
import { describeStore } from '../conformance.ts'
import type { Item } from './open.ts'
import { emptyTable, openAt, put } from './open.ts'

const TRAITS: StoreUnderTest['traits'] = { ordered: false, unique: true, guards: ['absent', 'match', 'any'], holds: [] }

const ODD_KEYS = [
  ' ',
  'with space',
  'new\nline',
  'control \u0001 and \u001f',
  `'single' "double" <angle>`,
  'back\\slash',
  '*',
  '[a]{b}',
  '{"pk":"a"}',
  '#k',
  ':v',
  'CASE',
  'case',
  'emoji 🦆',
  '\uffff beyond surrogates',
  'é composed',
  'e\u0301 decomposed',
  '\u0000',
  '12',
  '__proto__',
  'x'.repeat(1000),
]

let server: DynamoDbServer
beforeAll(async () => {
  server = await dynamoDbServer()
})

/** Content is an attribute of an item, and a JSON object is an item itself. */
function itemOf(content: string | Uint8Array): Item {
  if (typeof content !== 'string') return { body: { B: content } }
  if (!content.startsWith('{"domain"')) return { body: { S: content } }
  return { domain: { S: 'a.example' }, list: { L: [{ N: '1' }, { N: '2.5' }, { NULL: true }] } }
}

describeStore('a table with a partition key', {
  open: opener(undefined, 'pk', (key) => ({ pk: { S: String(key) } })),
  traits: TRAITS,
  oddKeys: ODD_KEYS,
  listedValues: {
    json: { value: { domain: 'a.example', list: [1, 2.5, null], pk: 'json' } },
    text: { value: { body: 'not {json}', pk: 'text' } },
    bytes: { value: { body: { $binary: '/wD+' }, pk: 'bytes' } },
    'long-number': { value: { body: '{"id":12345678901234567890}', pk: 'long-number' } },
  },
  badKeys: [
    ['', 'E_NAME'],
    [Buffer.from([0xff]), 'E_NAME'],
    ['é'.repeat(1025), 'E_NAME'],
  ],
})

describeStore('a table with a binary partition key', {
  open: opener(
    {
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'B' }],
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    },
    'id',
    (key) => ({ id: { B: Buffer.from(key) } }),
  ),
  traits: TRAITS,
  oddKeys: ['a', '12', Buffer.from([0xff]), Buffer.from([0, 1, 0xfe]), '\u0000', 'é'],
  listedValues: {
    json: { value: { domain: 'a.example', id: { $binary: 'anNvbg==' }, list: [1, 2.5, null] } },
    text: { value: { body: 'not {json}', id: { $binary: 'dGV4dA==' } } },
    bytes: { value: { body: { $binary: '/wD+' }, id: { $binary: 'Ynl0ZXM=' } } },
    'long-number': { value: { body: '{"id":12345678901234567890}', id: { $binary: 'bG9uZy1udW1iZXI=' } } },
  },
  badKeys: [['', 'E_NAME']],
})

function opener(
  shape: Parameters<typeof freshTable>[1],
  name: string,
  keyOf: (key: Key) => Item,
): StoreUnderTest['open'] {
  let table: Promise<Table> | undefined
  return async () => {
    table ??= freshTable(server, shape)
    const planted = await table
    const store = await openAt(server, planted.location)
    return {
      store,
      plant: (key, content) => put(planted, { ...itemOf(content), ...keyOf(key) }),
      close: async () => {
        await store.close()
        await emptyTable(planted, name)
      },
    }
  }
}
