// A stand-in for S3's listings, so that the clients alone are measured: s3-listing.js [LATENCY-MS]. Prints its port.
// The bucket `before-N` holds N keys below from/, `after-N` as many below to/ too, of one content all, in the order of
// S3, and any page of them is right: by prefix, start-after, continuation-token or marker, max-keys and delimiter. The
// bucket `blind-N` lists as `before-N`, and has any key that is asked for: for clients that look at what they have copied.
import { createServer } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

const latencyMs = Number(process.argv[2] ?? 0)
const DIGITS = 9
const ETAG = '9a0364b9e99bb480dd25e1f0284c8555'
const SIZE = 318
const TIME = '2026-01-05T10:00:00.000Z'
const MOST = 1000

let requests = 0
let inFlight = 0
let mostInFlight = 0

const server = createServer(async (request, reply) => {
  const { pathname, searchParams } = new URL(request.url, 'http://stub')
  if (pathname === '/-/count') {
    reply.end(JSON.stringify({ requests, mostInFlight }))
    requests = mostInFlight = 0
    return
  }
  requests++
  mostInFlight = Math.max(mostInFlight, ++inFlight)
  if (latencyMs > 0) await sleep(latencyMs)
  inFlight--
  const [, bucket = '', ...key] = pathname.split('/')
  reply.setHeader('x-amz-request-id', 'stub')
  if (request.method === 'HEAD') {
    const isObject = key.at(-1)?.endsWith('.json') && !(bucket.startsWith('before') && key[0] === 'to')
    if (isObject) reply.setHeader('etag', `"${ETAG}"`).setHeader('content-length', SIZE)
    reply.setHeader('last-modified', new Date(TIME).toUTCString())
    reply.writeHead(isObject || key.length === 0 ? 200 : 404).end()
    return
  }
  const body = Buffer.from(answer(bucket, searchParams))
  reply.setHeader('content-type', 'application/xml').setHeader('content-length', body.length).end(body)
})
server.keepAliveTimeout = 0
server.listen(0, '127.0.0.1', () => console.log(server.address().port))

function answer(bucket, query) {
  if (query.has('location')) return '<LocationConstraint>us-east-1</LocationConstraint>'
  if (query.has('versioning')) return '<VersioningConfiguration/>'
  const [, kind, count] = /^(before|after|blind)-(\d+)$/.exec(bucket) ?? []
  if (kind === undefined) return '<ListAllMyBucketsResult><Buckets/></ListAllMyBucketsResult>'
  return listing({ bucket, folders: kind === 'after' ? ['from/', 'to/'] : ['from/'], count: Number(count), query })
}

function listing({ bucket, folders, count, query }) {
  const total = folders.length * count
  const keyAt = (at) => `${folders[Math.floor(at / count)]}${String(at % count).padStart(DIGITS, '0')}.json`
  const firstBehind = (isBefore) => {
    let [low, high] = [0, total]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (isBefore(keyAt(middle))) low = middle + 1
      else high = middle
    }
    return low
  }
  const prefix = query.get('prefix') ?? ''
  const after = query.get('continuation-token') ?? query.get('start-after') ?? query.get('marker') ?? ''
  const from = Math.max(
    firstBehind((key) => key < prefix),
    firstBehind((key) => key <= after),
  )
  const end = firstBehind((key) => key < prefix || key.startsWith(prefix))
  const rest = query.get('delimiter') === '/' && !prefix.includes('/')
  const to = rest ? from : Math.min(end, from + Math.min(MOST, Number(query.get('max-keys') ?? MOST)))
  let text = `<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">`
  text += `<Name>${bucket}</Name><Prefix>${prefix}</Prefix><MaxKeys>${MOST}</MaxKeys>`
  if (query.has('encoding-type')) text += '<EncodingType>url</EncodingType>'
  const isTruncated = to < end && !rest
  text += `<KeyCount>${to - from}</KeyCount><IsTruncated>${isTruncated}</IsTruncated>`
  if (isTruncated) {
    const last = to > from ? keyAt(to - 1) : after
    text += `<NextContinuationToken>${last}</NextContinuationToken><NextMarker>${last}</NextMarker>`
  }
  for (let at = from; at < to; at++) {
    text += `<Contents><Key>${keyAt(at)}</Key><LastModified>${TIME}</LastModified><ETag>&quot;${ETAG}&quot;</ETag><Size>${SIZE}</Size><StorageClass>STANDARD</StorageClass></Contents>`
  }
  if (rest) {
    const shown = folders.filter((folder) => folder.startsWith(prefix) && folder > after)
    for (const folder of shown) text += `<CommonPrefixes><Prefix>${folder}</Prefix></CommonPrefixes>`
  }
  return `${text}</ListBucketResult>`
}
