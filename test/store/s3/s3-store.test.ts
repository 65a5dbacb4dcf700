import { DeleteObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3'
import { beforeAll } from 'vitest'
import { keyText } from '../../../src/record/key.ts'
import type { Bucket, S3Server } from '../../servers/s3.ts'
import { freshBucket, s3Server } from '../../servers/s3.ts'
import { describeStore } from '../conformance.ts'
import { openAt } from './open.ts'

let server: S3Server
let bucket: Bucket
beforeAll(async () => {
  server = await s3Server()
  bucket = await freshBucket(server)
})

/** One by one, for the SDK's DeleteObjects cannot say control characters. */
async function emptyBucket({ name, client }: Bucket): Promise<void> {
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: name, EncodingType: 'url' }))
  await Promise.all(
    Contents.map(({ Key = '' }) => {
      const key = decodeURIComponent(Key.replaceAll('+', ' '))
      return client.send(new DeleteObjectCommand({ Bucket: name, Key: key }))
    }),
  )
}

describeStore('a bucket', {
  async open() {
    const store = await openAt(server, bucket.location)
    return {
      store,
      plant: async (key, content) => {
        if (typeof key !== 'string') throw new Error(`S3 cannot hold ${keyText(key)}`)
        await bucket.client.send(new PutObjectCommand({ Bucket: bucket.name, Key: key, Body: content }))
      },
      close: async () => {
        await store.close()
        await emptyBucket(bucket)
      },
    }
  },
  traits: { ordered: true, unique: true, guards: ['absent', 'match', 'any'], holds: ['headers', 'tags'] },
  oddKeys: [
    ' ',
    'with space',
    ' leading and trailing ',
    'a+b',
    'a%2Fb',
    '100%',
    'q?x=1&y=2#z',
    'new\nline',
    'tab\tand\rreturn',
    'control \u0001 and \u001f',
    `'single' "double" <angle> &amp;`,
    'back\\slash',
    '*',
    '[a]{b}|^~`',
    '!()@:;,=$',
    'dir/b',
    'dir-b',
    'dir.b',
    'dir0',
    'dir/',
    'double//slash',
    '/leading',
    '//',
    'a/./b',
    'a/../b',
    '../up',
    './here',
    '.',
    '..',
    '...',
    'CASE',
    'case',
    'emoji 🦆',
    '\uffff beyond surrogates',
    '\ue000 private',
    '\ufffd is a character too',
    'é composed',
    'e\u0301 decomposed',
    '\u202eright to left',
    '\u007f delete',
    'constructor',
    '__proto__',
    `long ${'x'.repeat(1019)}`,
    'é'.repeat(512),
  ],
  badKeys: [
    ['', 'E_NAME'],
    ['x'.repeat(1025), 'E_NAME'],
    ['é'.repeat(513), 'E_NAME'],
    ['half \ud800 pair', 'E_NAME'],
    [Buffer.from([0xff]), 'E_NAME'],
  ],
})
