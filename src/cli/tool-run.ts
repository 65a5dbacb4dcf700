/** One run of a tool: its stage between input and output, from the first byte to the exit code. */
import { hostname } from 'node:os'
import process, { env, stdout } from 'node:process'
import { decode } from '../record/decode.ts'
import { Encoder } from '../record/encode.ts'
import { type RekeyError, toRekeyError } from '../record/errors.ts'
import type { Line } from '../record/line.ts'
import type { Context } from '../stage/stage.ts'
import type { Arguments } from '../stage/tool.ts'
import { flag, number, text } from '../stage/tool.ts'
import { STORE_DEFAULTS } from '../store/contract.ts'
import type { Surroundings } from '../store/open.ts'
import { Stores } from '../store/stores.ts'
import { appendTo } from './appender.ts'
import { EXIT } from './exit-codes.ts'
import { checkFiles, inputFiles, readFile, readInput, readPath } from './input.ts'
import { isAlive } from './is-alive.ts'
import { Messages } from './messages.ts'
import { compileSooner } from './optimiser.ts'
import { Output } from './output.ts'
import { openScratch } from './scratch.ts'
import { exitCodeOf, Signals } from './signals.ts'
import { startCommand } from './start-command.ts'
import { steady } from './steady.ts'
import { grouped, Tally } from './tally.ts'
import type { AnyTool } from './tools.ts'
import { mendTornLine } from './torn-line.ts'
import { Watchdog } from './watchdog.ts'

export class ToolRun {
  readonly #tool: AnyTool
  readonly #args: Arguments
  readonly #options: unknown
  readonly #tally: Tally
  readonly #messages: Messages
  readonly #encoder = new Encoder()
  readonly #output = new Output()
  readonly #stop = new AbortController()
  readonly #abort = new AbortController()
  /** aborted when nothing more is to be read */
  readonly #intake = new AbortController()
  readonly #stores: Stores
  readonly #signals: Signals
  readonly #watchdog = new Watchdog()
  #shown: (() => string) | undefined
  #foundBad = false
  #tooManyErrors = false
  #unwritten = 0

  constructor(tool: AnyTool, args: Arguments, options: unknown) {
    this.#tool = tool
    this.#args = args
    this.#options = options
    this.#tally = new Tally(tool)
    this.#messages = new Messages({
      tool: tool.name,
      quiet: flag(args, 'quiet'),
      json: text(args, 'log') === 'json',
      progress: args.flags.progress as boolean | undefined,
      now: Date.now,
    })
    const settings = { ...STORE_DEFAULTS, ...tool.settings?.(options) }
    this.#stores = new Stores(settings, this.#surroundings(), {
      now: Date.now,
      random: Math.random,
      stop: this.#stop.signal,
    })
    // The SDK of AWS tells users of Node 20 that it wants a newer one, which is nothing they can do about here.
    env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true'
    // Endpoints of a profile the SDK finds by this alone.
    if (settings.aws?.profile !== undefined) env.AWS_PROFILE = settings.aws.profile
    const { handsOn } = tool
    this.#signals = new Signals((signal) => {
      const doing = handsOn ? 'handing on what still comes' : 'finishing what is in flight'
      this.#messages.warn(`${signal}: ${doing}; once more ends at once`)
      this.#stop.abort()
    })
    if (!handsOn) this.#stop.signal.addEventListener('abort', () => this.#intake.abort(), { once: true })
    this.#output.closed.addEventListener('abort', () => this.#endIntake(), { once: true })
  }

  #endIntake(): void {
    this.#intake.abort()
    this.#stop.abort()
  }

  async toEnd(): Promise<number> {
    const started = Date.now()
    let failure: RekeyError | undefined
    try {
      for (const path of this.#tool.continues?.(this.#options) ?? []) await this.#mendTornLine(path)
      this.#messages.startProgress(this.#tally, () => this.#state())
      await this.#work()
    } catch (thrown) {
      failure = toRekeyError(thrown)
    }
    this.#stop.abort()
    failure = (await this.#finish()) ?? failure
    this.#messages.stopProgress()
    return this.#conclude(failure, Date.now() - started)
  }

  #state(): string | undefined {
    const states = [this.#shown?.(), this.#stores.state()].filter((state) => state !== undefined)
    return states.length === 0 ? undefined : states.join(', ')
  }

  async #work(): Promise<void> {
    for await (const batch of this.#tool.stage(this.#options)(this.#input(), this.#context())) {
      const printed = this.#account(batch)
      if (printed.length > 0 && !(await this.#output.write(this.#encoder.encode(printed))))
        this.#unwritten += printed.length
      if (this.#output.closed.aborted && this.#tool.closedOutput(this.#options) === 'quiet') return
    }
  }

  #input(): AsyncIterable<readonly Line[]> {
    if (this.#tool.reads === 'nothing') return nothing()
    const bytes = readInput(inputFiles(this.#tool, this.#args), this.#intake.signal)
    const seen = this.#tool.handsOn ? this.#handedOn(bytes) : bytes
    return decode(seen, number(this.#args, 'max-line'), this.#intake.signal)
  }

  /** The same bytes, once the reader of stdout has them. */
  async *#handedOn(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      if (!(await this.#output.write(chunk))) return
      yield chunk
    }
  }

  async #mendTornLine(path: string): Promise<void> {
    const mended = mendTornLine(path)
    if (mended === 'cut')
      this.#messages.warn(`${path} ended within a line; that line is cut off and its key is done again`)
    if (mended === 'apart') await this.#output.write(Buffer.from('\n'))
  }

  /** Counts a batch and gives the part of it that is printed. */
  #account(batch: readonly Line[]): readonly Line[] {
    for (const line of batch) this.#tally.add(line)
    const limit = flag(this.#args, 'fail-fast') ? 1 : (number(this.#args, 'max-errors') ?? Number.POSITIVE_INFINITY)
    if (this.#tally.newFailures >= limit) {
      this.#tooManyErrors = true
      this.#endIntake()
    }
    const { prints, handsOn } = this.#tool
    if (handsOn) return []
    return prints === undefined ? batch : batch.filter((line) => prints(this.#options, line.open ?? line.record))
  }

  async #finish(): Promise<RekeyError | undefined> {
    const ends = await Promise.allSettled([this.#output.flush(), this.#stores.close()])
    this.#watchdog.close()
    this.#signals.release()
    const failed = ends.find((end) => end.status === 'rejected')
    return failed === undefined ? undefined : toRekeyError(failed.reason)
  }

  #conclude(failure: RekeyError | undefined, elapsedMs: number): number {
    const closedEarly = this.#output.closed.aborted && this.#tool.closedOutput(this.#options) === 'stop'
    if (failure !== undefined) this.#messages.error(`${failure.code}: ${failure.message}`, { code: failure.code })
    if (closedEarly) {
      this.#messages.error(`the output was closed; ${this.#lostText()} not written. To go on: ${this.#tool.goOn}`)
    }
    if (this.#tooManyErrors)
      this.#messages.error(`stopped after ${this.#tally.newFailures} failures. To go on: ${this.#tool.goOn}`)
    if (this.#signals.received !== undefined)
      this.#messages.warn(`stopped by ${this.#signals.received}. To go on: ${this.#tool.goOn}`)
    if (!this.#tool.reports) this.#messages.counts(this.#tally, elapsedMs, this.#stores.used())
    if (this.#signals.received !== undefined) return exitCodeOf(this.#signals.received)
    if (failure !== undefined) return isUsage(failure) && this.#tally.total === 0 ? EXIT.usage : EXIT.stopped
    if (this.#tooManyErrors || closedEarly) return EXIT.stopped
    return this.#tally.anyBad || this.#foundBad ? EXIT.badRecords : EXIT.ok
  }

  #lostText(): string {
    if (this.#tool.handsOn) return 'what came behind that is'
    return `the outcomes of ${grouped(this.#unwritten)} records or more are`
  }

  #context(): Context {
    return {
      stop: this.#stop.signal,
      abort: this.#abort.signal,
      now: Date.now,
      steady,
      random: Math.random,
      process: { host: hostname(), pid: process.pid },
      screen: stdout.isTTY ? { rows: stdout.rows, columns: stdout.columns } : undefined,
      tell: (message) => this.#messages.tell(message),
      warn: (message) => this.#messages.warn(message),
      count: (word, records) => this.#tally.count(word, records),
      show: (state) => {
        this.#shown = state
      },
      foundBad: () => {
        this.#foundBad = true
      },
      open: (location, firstKeys) => this.#stores.open(location, firstKeys),
      openLeases: (location) => this.#stores.openLeases(location),
      start: (command) => startCommand(command, this.#watchdog),
      createTable: (location, shape) => this.#stores.createTable(location, shape),
      records: (path) => decode(checked(path, readPath)),
      readFile: (path) => checked(path, readFile),
      appendTo,
      scratch: openScratch,
    }
  }

  #surroundings(): Surroundings {
    return {
      env: (name) => env[name],
      envStartingWith: (prefix) => Object.keys(env).filter((name) => name.startsWith(prefix)),
      processName: { host: hostname(), pid: process.pid },
      isAlive,
      die: () => process.kill(process.pid, 'SIGKILL'),
      warn: (message) => this.#messages.warn(message),
      compileSooner,
    }
  }
}

function isUsage(error: RekeyError): boolean {
  return ['E_USAGE', 'E_LOCATION', 'E_UNSUPPORTED', 'E_AUTH'].includes(error.code)
}

/** The bytes of a file, when it can be read. */
async function* checked(path: string, read: typeof readFile): AsyncGenerator<Uint8Array> {
  await checkFiles([path])
  yield* read(path, new AbortController().signal)
}

async function* nothing(): AsyncGenerator<readonly Line[]> {}
