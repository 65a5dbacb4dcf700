/** A part, fetched once into a scratch file: held against its digest, counted, and read again for the command. */
import type { Hash } from 'node:crypto'
import { createHash } from 'node:crypto'
import { decode } from '../../record/decode.ts'
import { RekeyError } from '../../record/errors.ts'
import type { Context, Scratch } from '../../stage/stage.ts'
import { Accounts } from './accounts.ts'
import type { Expected } from './manifest.ts'
import type { PartPlace } from './place.ts'

const NEWLINE = 0x0a

export class PartInput {
  /** `sha256:hex` */
  readonly digest: string
  readonly lines: number
  readonly accounts: Accounts
  readonly #scratch: Scratch

  private constructor(scratch: Scratch, digest: string, lines: number, accounts: Accounts) {
    this.#scratch = scratch
    this.digest = digest
    this.lines = lines
    this.accounts = accounts
  }

  /** Throws E_CHANGED when the part is gone or is not what the manifest says. */
  static async fetch(place: PartPlace, name: string, expected: Expected | undefined, context: Context) {
    const key = place.keyOf({ name, kind: 'part' })
    const chunks = await place.read(key)
    if (chunks === undefined) throw new RekeyError('E_CHANGED', `${key}: the part is gone`)
    const scratch = await context.scratch()
    try {
      const hash = createHash('sha256')
      const accounts = new Accounts()
      let lines = 0
      for await (const batch of decode(kept(chunks, scratch, hash))) {
        lines += batch.length
        for (const { record } of batch) accounts.expect(record)
      }
      const digest = `sha256:${hash.digest('hex')}`
      check(key, digest, lines, expected)
      return new PartInput(scratch, digest, lines, accounts)
    } catch (thrown) {
      scratch.close()
      throw thrown
    }
  }

  /** The open records, whole lines: the part as it is where none is settled. */
  async *openLines(): AsyncGenerator<Uint8Array> {
    if (!this.accounts.hasSettled) {
      yield* lineEnded(this.#scratch.stream())
      return
    }
    const isOpen = this.accounts.asker()
    for await (const batch of decode(this.#scratch.stream())) {
      const texts = batch.filter(({ record }) => isOpen(record)).map(({ text }) => text)
      if (texts.length > 0) yield Buffer.from(`${texts.join('\n')}\n`)
    }
  }

  close(): void {
    this.#scratch.close()
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

async function* kept(chunks: AsyncIterable<Uint8Array>, scratch: Scratch, hash: Hash): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    scratch.append(chunk)
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
