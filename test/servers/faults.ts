/** What a fault proxy can be told to do, and to which requests. */

export type Fault = Aim & Effect

/** Which requests it strikes: those that match, from the one behind `skip`, each `every`th, `times` in all. */
export interface Aim {
  readonly method?: string
  /** against the path with its query, as it stands in the request */
  readonly path?: RegExp
  /** header names in lower case, whatever their value */
  readonly header?: string
  readonly skip?: number
  readonly every?: number
  /** 1 when absent */
  readonly times?: number
}

export type Effect =
  /** this answer is given, and the server sees nothing */
  | (Answer & { readonly does: 'answer' })
  /** no answer, no end, and the server sees nothing */
  | { readonly does: 'hang' }
  /** the connection is reset, and the server sees nothing, as when it had closed an idle connection */
  | { readonly does: 'drop' }
  /** the server does it, and the connection is reset in place of the answer */
  | { readonly does: 'lose' }
  /** the server does it, and the connection ends, or is reset, behind this many bytes of the reply, head included */
  | { readonly does: 'cut' | 'reset'; readonly atByte: number }
  /** the server does it, and this is left out of the body of its answer */
  | { readonly does: 'omit'; readonly what: RegExp }
  /** the answer says `Connection: close`, and so it is */
  | { readonly does: 'close' }
  /** the connection ends behind the answer, which has not said so */
  | { readonly does: 'die' }
  /** it takes so long before the server sees it; what else is to happen happens then */
  | { readonly does: 'wait'; readonly ms: number }
  /** this is done before the server sees it */
  | { readonly does: 'meanwhile'; act(): Promise<unknown> }

export interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** The answer of S3 when it has had enough; as a fault `{does: 'answer', ...slowDown, times: 3}`. */
export const slowDown: Answer = s3Error(503, 'SlowDown')

export function s3Error(status: number, code: string, headers: Readonly<Record<string, string>> = {}): Answer {
  const body = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>as told</Message></Error>`
  return { status, headers: { 'content-type': 'application/xml', ...headers }, body }
}

export type AimedFault = Effect & { strikes(request: Asked): boolean }

interface Asked {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, unknown>>
}

/** A fault that counts the requests it might have struck, and those that it has. */
export function aimed(fault: Fault): AimedFault {
  const { method, path, header, skip = 0, every = 1, times = 1 } = fault
  let matched = 0
  let struck = 0
  return {
    ...fault,
    strikes: (request) => {
      if (method !== undefined && request.method !== method) return false
      if (path !== undefined && !path.test(request.path)) return false
      if (header !== undefined && request.headers[header] === undefined) return false
      matched++
      if (matched <= skip || (matched - skip) % every !== 0 || struck >= times) return false
      struck++
      return true
    },
  }
}
