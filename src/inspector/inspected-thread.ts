/** A JavaScript thread behind the inspector: its scripts, and pausing it without treading on another debugger's feet. */
import type { Protocol } from 'devtools-protocol'
import { allowedExpressions } from './allowed-expressions.ts'
import { type Script, scriptKey } from './script.ts'
import type { Reply, Session } from './session.ts'
import { fromCallFrame, fromTrace, type StackFrame } from './stack-frame.ts'

/** Of Node's own `navigator` only, which is an accessor; its modules are in the list from when it was first used. */
const USES_WEB_LOCKS = `['navigator', 'locks'].every(name => process.moduleLoadList.includes('NativeModule internal/' + name)) &&
  Object.getOwnPropertyDescriptor(globalThis, 'navigator')?.get !== undefined`

export interface Pause {
  readonly callFrames: readonly Protocol.Debugger.CallFrame[]
  /** True when the thread stood in somebody else's debugger: it is read and never resumed by us. */
  readonly foreign: boolean
  /** `performance.now()` at which the pause was announced. */
  readonly at: number
}

export class InspectedThread {
  readonly session: Session
  /** `threadId` of worker_threads; 0 is main. */
  readonly threadId: number
  readonly name: string
  /** By script id. */
  readonly scripts = new Map<string, Script>()
  readonly #keys = new Map<string, string>()
  readonly #urls = new Map<string, string>()
  #foreign: Pause | undefined
  #enabled = false
  #requested = false
  #pause: Pause | undefined
  #waiting: ((pause: Pause) => void) | undefined
  /** Milliseconds of the longest pause that we caused. */
  longestPauseMs = 0

  constructor(session: Session, threadId: number, name: string) {
    this.session = session
    this.threadId = threadId
    this.name = name
    session.on('Debugger.scriptParsed', event => this.#parsed(event))
    session.on('Debugger.paused', event => this.#paused(event))
    session.on('Debugger.resumed', () => this.#resumed())
  }

  get enabled(): boolean {
    return this.#enabled
  }

  /** The pause in force, ours or another debugger's. */
  get pause(): Pause | undefined {
    return this.#pause ?? this.#foreign
  }

  /**
   * The stack, without pausing: the trace that V8 attaches to an exception thrown by an evaluated script, which runs
   * on top of whatever the thread is doing (in a loop, in `Atomics.wait`, or on an empty stack in the event loop).
   * No code of the program runs for it (v8-inspector's `createExceptionDetails`, not `Error.prepareStackTrace`).
   */
  async stack(deadlineMs: number): Promise<Reply<readonly StackFrame[]>> {
    this.session.post('Runtime.enable', undefined)
    const reply = await this.session.send(
      'Runtime.evaluate',
      { expression: 'throw 0', silent: true },
      deadlineMs,
    )
    if (!reply.ok) return reply
    const details = reply.result.exceptionDetails
    const frames = details?.stackTrace?.callFrames ?? []
    for (const { scriptId, url } of frames) this.#urls.set(scriptId, url)
    return { ok: true, result: frames.filter(frame => frame.scriptId !== details?.scriptId).map(fromTrace) }
  }

  /** The value of one of the few expressions that may run unchecked. */
  async read(name: keyof typeof allowedExpressions, deadlineMs: number): Promise<unknown> {
    const parameters = {
      expression: allowedExpressions[name],
      returnByValue: true,
      // Waiting for a value that is none would wait for the event loop all the same.
      awaitPromise: name === 'webLocks',
      silent: true,
    }
    const reply = await this.session.send('Runtime.evaluate', parameters, deadlineMs)
    return reply.ok && reply.result.exceptionDetails === undefined ? reply.result.result.value : undefined
  }

  /** The value of an expression that V8 lets run because it changes nothing; undefined when it would, or has none. */
  async evaluate(expression: string, deadlineMs: number): Promise<unknown> {
    const parameters = { expression, returnByValue: true, silent: true, throwOnSideEffect: true }
    const reply = await this.session.send('Runtime.evaluate', parameters, deadlineMs)
    return reply.ok && reply.result.exceptionDetails === undefined ? reply.result.result.value : undefined
  }

  /** Whether the program has come to `navigator` in a Node with Web Locks; asking does not make it. */
  async usesWebLocks(deadlineMs: number): Promise<boolean | undefined> {
    const parameters = {
      expression: USES_WEB_LOCKS,
      throwOnSideEffect: true,
      returnByValue: true,
      silent: true,
    }
    const reply = await this.session.send('Runtime.evaluate', parameters, deadlineMs)
    return reply.ok ? reply.result.result.value === true : undefined
  }

  /** The stack of the pause in force; empty when there is none. */
  get pausedStack(): readonly StackFrame[] {
    const frames = this.pause?.callFrames ?? []
    return frames.map(frame => fromCallFrame(frame, this.#urlOf(frame.location.scriptId)))
  }

  /** The text of a script as V8 runs it. */
  async sourceOf(scriptId: string, deadlineMs: number): Promise<string | undefined> {
    const reply = await this.session.send('Debugger.getScriptSource', { scriptId }, deadlineMs)
    return reply.ok && !reply.result.bytecode ? reply.result.scriptSource : undefined
  }

  /** The bytes of a WebAssembly module. */
  async bytecodeOf(scriptId: string, deadlineMs: number): Promise<Uint8Array | undefined> {
    const reply = await this.session.send('Debugger.getScriptSource', { scriptId }, deadlineMs)
    const encoded = reply.ok ? reply.result.bytecode : undefined
    return encoded === undefined ? undefined : Buffer.from(encoded, 'base64')
  }

  /** Announces all scripts. `debugger` statements and breakpoints must not stop the program because of us. */
  async enable(deadlineMs: number): Promise<Reply<unknown>> {
    const enabled = this.session.send('Debugger.enable', {}, deadlineMs)
    this.session.post('Debugger.setBreakpointsActive', { active: false })
    const reply = await enabled
    this.#enabled = reply.ok
    return reply
  }

  /** Pauses the thread; undefined when it did not take the pause in time (it is then withdrawn by `disable`). */
  requestPause(deadlineMs: number): Promise<Pause | undefined> {
    const present = this.pause
    if (present !== undefined) return Promise.resolve(present)
    this.#requested = true
    return new Promise(resolve => {
      const settle = (pause: Pause | undefined) => {
        clearTimeout(timer)
        this.#waiting = undefined
        this.session.expect(-1)
        resolve(pause)
      }
      const timer = setTimeout(() => settle(undefined), deadlineMs)
      this.session.expect(1)
      this.#waiting = settle
      this.session.post('Debugger.pause', undefined)
    })
  }

  /** Lets the thread go on, unless it is stopped in another debugger. */
  async resume(deadlineMs: number): Promise<void> {
    this.#requested = false
    if (this.#pause === undefined) return
    await this.session.send('Debugger.resume', {}, deadlineMs)
    this.#resumed()
  }

  /** Withdraws a pause that was not taken and forgets the thread's objects. */
  disable(): void {
    this.#requested = false
    this.session.post('Runtime.disable', undefined)
    this.session.post('Runtime.releaseObjectGroup', { objectGroup: 'impasse' })
    if (this.#enabled) this.session.post('Debugger.disable', undefined)
    this.#enabled = false
  }

  /** The key under which all threads know the text of a script. */
  keyOf(scriptId: string): string | undefined {
    const known = this.#keys.get(scriptId)
    if (known !== undefined) return known
    const script = this.scripts.get(scriptId)
    if (script === undefined) return undefined
    const key = scriptKey(script)
    this.#keys.set(scriptId, key)
    return key
  }

  /** Some of Node's own scripts are never announced; their names are known from the traces. */
  #urlOf(scriptId: string): string {
    return this.scripts.get(scriptId)?.url ?? this.#urls.get(scriptId) ?? ''
  }

  #parsed(event: Protocol.Debugger.ScriptParsedEvent): void {
    this.scripts.set(event.scriptId, {
      id: event.scriptId,
      url: event.url,
      hash: event.hash,
      length: event.length ?? 0,
      sourceMapUrl: event.sourceMapURL || undefined,
      startLine: event.startLine,
      startColumn: event.startColumn,
      isModule: event.isModule ?? false,
      language: event.scriptLanguage ?? 'JavaScript',
    })
  }

  #paused(event: Protocol.Debugger.PausedEvent): void {
    const at = performance.now()
    const foreign = !this.#requested || (event.hitBreakpoints?.length ?? 0) > 0
    const pause = { callFrames: event.callFrames, foreign, at }
    if (foreign) this.#foreign = pause
    else this.#pause = pause
    if (this.#waiting !== undefined) {
      this.#waiting(pause)
    } else if (!foreign) {
      // Taken too late, by a thread that was idle when we asked: nobody is looking any more.
      this.session.post('Debugger.resume', {})
    }
  }

  #resumed(): void {
    if (this.#pause !== undefined) {
      this.longestPauseMs = Math.max(this.longestPauseMs, performance.now() - this.#pause.at)
    }
    this.#pause = undefined
    this.#foreign = undefined
  }
}
