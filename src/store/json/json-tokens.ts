/**
 * The tokens of a JSON file by stream-json, a batch for each chunk of the file. Strings, names and numbers come whole,
 * numbers as they are written. Holds one chunk and its tokens; also a string as long as it is.
 */
import type { Token } from 'stream-json/core/parser.js'
import { RekeyError } from '../../record/errors.ts'
import { textChunks } from './text-chunks.ts'

/** By which stream-json (and stream-chain below it) is told that the input has ended. */
const END = Symbol.for('object-stream.none')

type Tokens = { readonly values: readonly Token[] }
type Step = (text: string | symbol) => Tokens | symbol

/** Values may follow one another, as in NDJSON. Throws E_INPUT that names line and column, and what reading throws. */
export async function* jsonTokens(path: string): AsyncGenerator<readonly Token[]> {
  const { jsonParser } = await import('stream-json/core/parser.js')
  const parse = jsonParser({ streamValues: false, jsonStreaming: true }) as unknown as Step
  for await (const text of textChunks(path)) yield* await take(parse, text, path)
  yield* await take(parse, END, path)
}

async function take(parse: Step, text: string | symbol, path: string): Promise<(readonly Token[])[]> {
  let tokens: Tokens | symbol
  try {
    tokens = parse(text)
  } catch (error) {
    throw await placed(error as Error, path)
  }
  return typeof tokens === 'symbol' ? [] : [tokens.values]
}

/** Reads once more up to the error: only stream-json's verifier counts lines, and it makes no tokens. */
async function placed(error: Error, path: string): Promise<RekeyError> {
  const { jsonVerifier } = await import('stream-json/core/utils/verifier.js')
  const verify = jsonVerifier({ jsonStreaming: true }) as unknown as Step
  try {
    for await (const text of textChunks(path)) verify(text)
    verify(END)
  } catch (found) {
    const { line, pos, message } = found as Error & { line?: number; pos?: number }
    const problem = message.replace(/^.*?(?:Verifier )?(?:cannot parse input: |has )/, '')
    if (line !== undefined) return broken(path, `line ${line}, column ${pos}: ${problem}`, error)
  }
  return broken(path, error.message, error)
}

function broken(path: string, problem: string, cause: Error): RekeyError {
  return new RekeyError('E_INPUT', `${path} is not JSON: ${problem}`, { cause })
}
