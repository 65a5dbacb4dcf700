/**
 * The unfinished uploads of a bucket. S3 tells neither which program has begun one nor the headers it was begun with, only
 * by whom: so who we are is read off an upload of our own, which is begun for that and ended again.
 */
import { randomBytes } from 'node:crypto'
import { keyText } from '../../record/key.ts'
import type { Surroundings } from '../open.ts'
import type { Upload, UploadState, Uploads } from '../uploads.ts'
import { demand } from './ask.ts'
import { failureOf, isError } from './classify.ts'
import type { Bucket } from './connection.ts'
import { encodeQuery } from './keys.ts'
import { abortUpload, isGone, Multipart } from './multipart.ts'
import type { Reply } from './request.ts'
import { tag, tags, unescapeXml } from './xml.ts'

/** An upload as a listing tells it. */
interface Listed extends Upload {
  readonly key: string
  /** absent where the server does not tell */
  readonly by?: string
}

const PAGE = 1000

export function unfinishedUploads(bucket: Bucket, { processName, warn }: Surroundings): Uploads {
  return {
    async begun(near, signal) {
      const directory = typeof near === 'string' ? near.slice(0, near.lastIndexOf('/') + 1) : ''
      const { host, pid } = processName
      const name = `${directory}.rekey-probe-${host}-${pid}-${randomBytes(6).toString('hex')}`
      const own = await Multipart.begin(bucket, name, {}, signal)
      let all: readonly Listed[]
      try {
        all = await listUploads(bucket, signal)
      } finally {
        await own.abort()
      }
      const us = all.find(({ key }) => key === name)?.by
      if (us === undefined) warn(`${bucket.location}: the server does not tell who has begun an upload`)
      return all.filter(({ key, by, begunMs }) => key !== name && by === us && !Number.isNaN(begunMs))
    },
    state: (upload, signal) => stateOf(bucket, upload as Listed, signal),
    end: ({ key, id }, signal) => abortUpload(bucket, key as string, id, signal),
  }
}

/** All of them, a page at a time. */
export async function listUploads(bucket: Bucket, signal: AbortSignal, pageSize = PAGE): Promise<readonly Listed[]> {
  const uploads: Listed[] = []
  for (let from: { key: string; id: string } | undefined; ; ) {
    const key = from === undefined ? '' : `&key-marker=${encodeQuery(from.key)}`
    const id = from === undefined ? '' : `&upload-id-marker=${encodeQuery(from.id)}`
    const query = `encoding-type=url${key}&max-uploads=${pageSize}${id}&uploads=`
    const reply = await demand(bucket, { method: 'GET', query }, `listing the uploads of ${bucket.location}`, signal)
    const text = reply.body.toString('utf8')
    const page = tags(text, 'Upload').map(uploadIn)
    uploads.push(...page)
    const last = page.at(-1)
    if (tag(text, 'IsTruncated') !== 'true' || last === undefined) return uploads
    from = last
  }
}

function uploadIn(text: string): Listed {
  const by = tag(tag(text, 'Initiator') ?? '', 'ID')
  return {
    key: decodeURIComponent(unescapeXml(tag(text, 'Key') ?? '').replaceAll('+', ' ')),
    id: unescapeXml(tag(text, 'UploadId') ?? ''),
    begunMs: Date.parse(tag(text, 'Initiated') ?? ''),
    ...(by === undefined ? {} : { by: whoIs(unescapeXml(by)) }),
  }
}

/** A role goes by another name in each session. */
function whoIs(id: string): string {
  return id.replace(/^(arn:[^:]*:sts:.*:assumed-role\/[^/]+)\/.*$/, '$1')
}

async function stateOf(bucket: Bucket, upload: Listed, signal: AbortSignal): Promise<UploadState | undefined> {
  let parts = 0
  let sizeBytes = 0
  let lastMs = upload.begunMs
  for (let marker = ''; ; ) {
    const query = `max-parts=${PAGE}${marker}&uploadId=${encodeQuery(upload.id)}`
    const reply = await bucket.send({ method: 'GET', key: upload.key, query }, signal)
    if (isGone(reply)) return undefined
    if (isError(reply)) throw failureOf(reply, `the parts of the upload of ${keyText(upload.key)}`)
    const text = reply.body.toString('utf8')
    const page = tags(text, 'Part')
    for (const part of page) {
      parts++
      sizeBytes += Number(tag(part, 'Size') ?? 0)
      lastMs = Math.max(lastMs, Date.parse(tag(part, 'LastModified') ?? '') || 0)
    }
    const next = page.at(-1)
    if (tag(text, 'IsTruncated') !== 'true' || next === undefined)
      return { parts, sizeBytes, idleMs: timeOf(reply) - lastMs }
    marker = `&part-number-marker=${tag(next, 'PartNumber')}`
  }
}

/** The server's clock; without one nothing counts as old. */
function timeOf({ headers }: Reply): number {
  return Date.parse(headers.date ?? '') || 0
}
