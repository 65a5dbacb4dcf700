/**
 * A part, fetched once: held against its digest, summed up, and read again for the command, and record by record where
 * that is needed. Holds 4 MiB of it; what is larger is in a scratch file.
 */
import type { Hash } from 'node:crypto'
import { createHash } from 'node:crypto'
import { decode } from '../../record/decode.ts'
import { RekeyError } from '../../record/errors.ts'
import type { Context } from '../../stage/stage.ts'
import { Accounts } from './accounts.ts'
import { KeptBytes } from './kept-bytes.ts'
import type { Expected } from './manifest.ts'
import type { PartPlace } from './place.ts'
import { RecordSum } from './record-sum.ts'

const NEWLINE = 0x0a

export class PartInput {
  /** `sha256:hex` */
  readonly digest: string
  readonly sum: RecordSum
  readonly #bytes: KeptBytes

  private constructor(bytes: KeptBytes, digest: string, sum: RecordSum) {
    this.#bytes = bytes
    this.digest = digest
    this.sum = sum
  }

  /** Throws E_CHANGED when the part is gone or is not what the manifest says. */
  static async fetch(place: PartPlace, name: string, expected: Expected | undefined, context: Context) {
    const key = place.keyOf({ name, kind: 'part' })
    const chunks = await place.read(key)
    if (chunks === undefined) throw new RekeyError('E_CHANGED', `${key}: the part is gone`)
    const bytes = new KeptBytes(() => context.scratch())
    try {
      const hash = createHash('sha256')
      const sum = new RecordSum()
      for await (const batch of decode(kept(chunks, bytes, hash))) sum.addAll(batch)
      const digest = `sha256:${hash.digest('hex')}`
      check(key, digest, sum.count, expected)
      return new PartInput(bytes, digest, sum)
    } catch (thrown) {
      bytes.close()
      throw thrown
    }
  }

  /** Of all its records, none of them settled. */
  async accounts(): Promise<Accounts> {
    const accounts = new Accounts()
    for await (const batch of decode(this.#bytes.stream())) {
      for (const line of batch) accounts.expect(line.open ?? line.record)
    }
    return accounts
  }

  /** The open records, whole lines: the part as it is where there are no accounts. */
  async *openLines(accounts: Accounts | undefined): AsyncGenerator<Uint8Array> {
    if (accounts === undefined) {
      yield* lineEnded(this.#bytes.stream())
      return
    }
    const isOpen = accounts.asker()
    for await (const batch of decode(this.#bytes.stream())) {
      const texts = batch.filter((line) => isOpen(line.open ?? line.record)).map(({ text }) => text)
      if (texts.length > 0) yield Buffer.from(`${texts.join('\n')}\n`)
    }
  }

  close(): void {
    this.#bytes.close()
  }
}

async function* lineEnded(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let last: number | undefined = NEWLINE
  for await (const chunk of chunks) {
    last = chunk.at(-1) ?? last
    yield chunk
  }
  if (last !== NEWLINE) yield Uint8Array.of(NEWLINE)
}

async function* kept(chunks: AsyncIterable<Uint8Array>, bytes: KeptBytes, hash: Hash): AsyncGenerator<Uint8Array> {
  for await (const passing of chunks) {
    // Its memory is used again.
    const chunk = Buffer.from(passing)
    await bytes.append(chunk)
    hash.update(chunk)
    yield chunk
  }
}

function check(key: string, digest: string, lines: number, { digest: wanted, count }: Expected = {}): void {
  if (wanted !== undefined && wanted !== digest) {
    throw new RekeyError('E_CHANGED', `${key}: its digest is ${digest}, and manifest.json says ${wanted}; split again`)
  }
  if (count !== undefined && count !== lines) {
    throw new RekeyError('E_CHANGED', `${key}: it has ${lines} lines, and manifest.json says ${count}; split again`)
  }
}
