/** One process seen from inside, step by step: stacks in passing, sources, and a last look with the threads paused. */
import { setImmediate } from 'node:timers/promises'
import type { InspectedProcess } from '../inspector/inspected-process.ts'
import type { InspectedThread } from '../inspector/inspected-thread.ts'
import { InspectorValueSource } from '../inspector/value-source.ts'
import type { LockFacts, SleptOn } from '../locks/recognise.ts'
import type { Target } from '../process/target.ts'
import type { EventLoop } from '../snapshot/model.ts'
import type { Activation } from '../snapshot/question.ts'
import { pathOf } from '../sources/script-url.ts'
import { SyntaxStore } from '../sources/syntax-store.ts'
import { type Clock, sleep } from './clock.ts'
import { currentTest } from './current-test.ts'
import { beginInterval, type Interval } from './cut.ts'
import { type FrameReader, readActivations, readFrame } from './frames.ts'
import { idleLoops, settledLoops } from './idle-loops.ts'
import type { Inside } from './inside.ts'
import { throwIfInterrupted } from './interruption.ts'
import { type KernelIds, mapWorkers } from './kernel-threads.ts'
import { ANSWER_MS, type Look, lookInPassing, lookPaused, resumeAll } from './look.ts'
import type { MemoryFrames } from './memory-frames.ts'
import { BETWEEN_LOOKS_MS, type CaptureOptions, DEFAULT_LOOKS } from './options.ts'
import { framesOf, hasFrames, partyOf, stackIn } from './party.ts'
import type { RecordedRun } from './recorder.ts'
import { type RunInput, runRules, runRulesWith } from './rule-run.ts'
import { withRunning } from './running-workers.ts'
import { ScriptLibrary } from './script-library.ts'
import { needsSecondReading } from './second-reading.ts'
import type { SilentThreads } from './silent-threads.ts'
import { changedSinceStart, readTargetFile } from './target-files.ts'
import { ThreadStates } from './thread-states.ts'

const ENABLE_MS = 3000
/** A paused thread answers in a millisecond; on a loaded machine that may be a second. */
const QUESTION_MS = 2000
/** A thread that has just answered sleeps again after less than this. */
const SETTLE_MS = 2
/** How often an undisturbed span is tried for: a thread that works never has one. */
const MOST_ATTEMPTS = 4
/** The least span in which standing still is observed. */
const INTERVAL_MS = 5
/** So long a thread is seen in one call before it is asked for the texts of its scripts, milliseconds. */
const STUCK_MS = 500

/** The steps of a look from inside, and what each has found so far. */
export class Inspection implements Inside {
  readonly threads: readonly InspectedThread[]
  readonly looks: Look[] = []
  readonly reader: FrameReader
  intervals: ReadonlyMap<number, Interval> = new Map()
  facts: LockFacts = { resources: [], holds: [], productions: [], waits: [] }
  vias: Inside['vias'] = new Map()
  loops: ReadonlyMap<InspectedThread, EventLoop> = new Map()
  loopsAsked = false
  activeResources: ReadonlyMap<InspectedThread, unknown> = new Map()
  currentTests: Inside['currentTests'] = new Map()
  webLocks: Inside['webLocks'] = new Map()
  pausedWaves = 0
  run: RecordedRun | undefined
  memory: MemoryFrames | undefined
  /** The threads that stand still, and are paused in the last look. */
  readonly #standing = new Set<InspectedThread>()
  readonly #states: ThreadStates
  readonly #target: Target
  readonly #inspected: InspectedProcess
  readonly #options: CaptureOptions
  readonly #clock: Clock
  readonly #library: ScriptLibrary
  /** Loaded while the target is being waited for. */
  readonly #rules = import('../locks/recognise.ts')

  constructor(target: Target, inspected: InspectedProcess, options: CaptureOptions, clock: Clock) {
    this.#target = target
    this.#inspected = inspected
    this.#options = options
    this.#clock = clock
    this.threads = inspected.threads
    this.#states = new ThreadStates(target.pid, inspected.threads)
    const library = new ScriptLibrary(path => readTargetFile(target, path))
    this.#library = library
    this.reader = {
      library,
      syntax: new SyntaxStore(library),
      changedSinceStart: remembering(path => changedSinceStart(target, path)),
      seen: new WeakMap(),
    }
  }

  get kernelIds(): KernelIds {
    return this.#states.kernelIds
  }

  /** Stacks in passing, and which of the threads stand still. */
  async lookFirst(): Promise<void> {
    this.#options.onProgress?.('reading stacks')
    const first = await this.#inPassing()
    const { pid, runtime } = this.#target
    this.#states.kernelIds = await mapWorkers(
      { pid, arch: runtime.arch },
      this.threads,
      [...first.kernel.values()],
      this.#clock,
    )
    for (const thread of this.#states.standingIn(first)) this.#standing.add(thread)
  }

  /** Scripts and sources of the threads that stand still: announced, fetched and parsed while the program runs on. */
  async prepare(): Promise<void> {
    this.#options.onProgress?.('fetching sources')
    const limit = this.#clock.limit(ENABLE_MS)
    const unknown = [...this.#standing].filter(thread => !thread.enabled)
    const last = this.looks.at(-1)!
    const enabling = Promise.all(unknown.map(thread => thread.enable(limit)))
    // It takes V8 some 40 ms: time to parse what the files hold, which is most likely what runs.
    await setImmediate()
    const files = unknown.flatMap(thread => stackIn(last, thread)?.frames.map(({ url }) => pathOf(url)) ?? [])
    for (const file of new Set(files)) {
      const text = file === undefined ? undefined : readTargetFile(this.#target, file)
      if (text !== undefined) this.reader.syntax.parseAhead(text)
    }
    await enabling
    await this.#library.fetch(framesOf(last), this.#clock)
    const { prepareLocks } = await this.#rules
    prepareLocks(this.#activations(last, this.#standing), this.reader.syntax, this.#library)
  }

  /** Further looks in passing, then an interval in which nobody is disturbed. */
  async observe(): Promise<void> {
    const wanted = this.#options.looks ?? DEFAULT_LOOKS
    const between = this.#options.betweenLooksMs ?? BETWEEN_LOOKS_MS
    while (this.looks.length < wanted - 1) {
      await sleep(this.#clock.limit(between))
      throwIfInterrupted(this.#options)
      await this.#inPassing()
    }
    const standing = [...this.#standing].flatMap(thread => this.#states.tidOf(thread) ?? [])
    const idle = this.#states.idleIn(this.looks.at(-1)!)
    const tids = [...standing, ...idle.values()]
    // On a loaded machine a thread may take its time to sleep again after it has answered us.
    for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt += 1) {
      await sleep(SETTLE_MS * attempt)
      const end = beginInterval(this.#target.pid, tids, () => this.#clock.now)
      const untilNext = this.looks.at(-1)!.at + between - this.#clock.now
      await sleep(this.#clock.limit(Math.max(INTERVAL_MS, untilNext)))
      this.loops = idleLoops(this.#target, idle, this.#states.tids)
      this.intervals = end()
      // One that idles and was woken may be woken again and again: it is no reason to try for long.
      const wanted = attempt === 1 ? tids : standing
      if (wanted.every(tid => this.intervals.has(tid))) break
    }
  }

  /** The last look: the standing threads are paused together, and the rules ask. */
  async lookLast(): Promise<void> {
    this.#options.onProgress?.('looking again')
    const { pid, runtime } = this.#target
    const { controlOf } = await this.#rules
    const sleptOn = await this.#wasmWords()
    const silent = await this.#silentThreads()
    // Nobody is kept paused for those that give no answer.
    const resting = new Set(this.threads.filter(thread => silent?.has(partyOf(pid, thread)) === true))
    const before = this.looks.at(-1)!
    const look = await lookPaused(
      pid,
      runtime.arch,
      this.threads,
      {
        pausing: this.#standing,
        counted: this.#states.runningAmong(this.#standing),
        silent: resting,
        unanswering: new Set(this.threads.filter(thread => stackIn(before, thread) === undefined)),
      },
      this.#clock,
    )
    this.looks.push(look)
    const parties = new Map(this.threads.map(thread => [partyOf(pid, thread), thread]))
    const values = new InspectorValueSource(parties, () => this.#clock.limit(QUESTION_MS))
    await this.#library.fetch(framesOf(look), this.#clock)
    const paused = this.#activations(look, this.#standing)
    const input: RunInput = {
      pid,
      threads: this.threads,
      look,
      reader: this.reader,
      library: this.#library,
      paused,
      values,
      sleptOn,
      before: this.facts,
    }
    const [{ facts, run }, vias] = await Promise.all([
      silent === undefined ? runRules(input) : runRulesWith(silent, input),
      Promise.all(
        [...this.#activations(look, this.threads)].map(async ([party, stack]) => {
          const via = await controlOf(stack, this.reader.syntax, paused.has(party) ? values : undefined)
          return [party, via] as const
        }),
      ),
    ]).finally(() => silent?.close())
    this.facts = facts
    this.run = run
    this.vias = new Map(vias)
    await resumeAll(this.#inspected, this.#clock)
    await this.#readResources(look)
    const together = this.#options.together === true
    const settled = this.#loopsMatter()
      ? await settledLoops(this.#target, this.threads, this.loops, this.#clock, together)
      : new Map()
    this.loopsAsked = settled !== undefined
    this.loops = settled ?? this.loops
    // Pausing is a wave too.
    this.pausedWaves = Math.max(this.pausedWaves, values.waves + 1)
  }

  /** Whether a further round is needed: somebody came to stand still, or may hold what is waited for. */
  async widen(): Promise<boolean> {
    const look = this.looks.at(-1)!
    const left = this.threads.filter(thread => !this.#standing.has(thread) && hasFrames(look, thread))
    const more = this.#holdersAreMissing()
      ? left
      : this.#states.standingIn(look).filter(thread => left.includes(thread))
    const { spinLoopsAround } = await this.#rules
    const stacks = this.looks.map(one => this.#activations(one, left))
    const spinning = left.filter(thread => {
      const party = partyOf(this.#target.pid, thread)
      const loops = stacks.map(stack => spinLoopsAround(stack.get(party) ?? [], this.reader.syntax))
      return [...loops[0]!].some(loop => loops.every(one => one.has(loop)))
    })
    const unseen = this.threads.filter(
      thread => !this.#standing.has(thread) && this.#states.runsBetween(this.looks, thread),
    )
    const further = new Set([...more, ...spinning, ...unseen])
    for (const thread of further) this.#standing.add(thread)
    return further.size > 0 || needsSecondReading(this.facts)
  }

  /** A worker that spins is not told by its sleep. */
  tellRunning(): void {
    const { pid } = this.#target
    const spins = (thread: InspectedThread) =>
      this.facts.waits.some(wait => wait.spins === true && wait.party === partyOf(pid, thread))
    this.#states.kernelIds = withRunning(this.kernelIds, this.threads.filter(spins), this.looks)
  }

  /**
   * A thread that runs is not made to announce its scripts, and what its file holds is taken for what runs. Where a
   * loader has rewritten the file, its lines are others: one that has long been in one call is asked after all.
   */
  async announceStuck(): Promise<void> {
    const [first] = this.looks
    const last = this.looks.at(-1)!
    if (first === undefined || last.at - first.at < STUCK_MS) return
    const stuck = this.threads.filter(
      thread => !thread.enabled && this.looks.every(look => hasFrames(look, thread)),
    )
    if (stuck.length === 0) return
    await Promise.all(stuck.map(thread => thread.enable(this.#clock.limit(ENABLE_MS))))
    for (const look of this.looks) {
      const frames = [...framesOf(look)].filter(([thread]) => stuck.includes(thread))
      for (const frame of frames.flatMap(([, stack]) => stack)) this.reader.seen.delete(frame)
      await this.#library.fetch(frames, this.#clock)
    }
  }

  /** Before anybody is paused: then a thread has other functions on its stack too. */
  async #wasmWords(): Promise<ReadonlyMap<string, SleptOn>> {
    const last = this.looks.at(-1)!
    const parked = [...this.#standing].flatMap(thread => {
      const top = stackIn(last, thread)?.frames.find(({ url }) => !url.startsWith('node:'))
      const tid = this.#states.tidOf(thread)
      const inWasm = top !== undefined && readFrame(this.reader, thread, top).kind === 'wasm'
      return inWasm && tid !== undefined ? [[partyOf(this.#target.pid, thread), tid] as const] : []
    })
    if (parked.length === 0 || this.#options.memory === false) return new Map()
    const { wordsSleptOn } = await import('./wasm-words.ts')
    return wordsSleptOn(this.#target, new Map(parked))
  }

  /** Those that gave no stack, where others stand still: what these wait for they may hold. */
  async #silentThreads(): Promise<SilentThreads | undefined> {
    const last = this.looks.at(-1)!
    const { pid } = this.#target
    const silent = this.threads.flatMap(thread => {
      const tid = stackIn(last, thread) === undefined ? this.#states.tidOf(thread) : undefined
      return tid === undefined ? [] : [[partyOf(pid, thread), tid] as const]
    })
    if (silent.length === 0 || this.#standing.size === 0 || this.#options.memory === false) return undefined
    this.memory ??= new (await import('./memory-frames.ts')).MemoryFrames(this.#target)
    const { SilentThreads } = await import('./silent-threads.ts')
    return SilentThreads.read(this.#target, new Map(silent), this.memory)
  }

  async #readResources(look: Look): Promise<void> {
    const idle = this.threads.filter(thread => stackIn(look, thread)?.frames.length === 0)
    const limit = this.#clock.limit(ANSWER_MS)
    const named = idle.map(async thread => [thread, await thread.read('activeResources', limit)] as const)
    const running = idle.map(async thread => [thread, await currentTest(thread, limit)] as const)
    const [resources, tests, webLocks] = await Promise.all([
      Promise.all(named),
      Promise.all(running),
      idle.length === 0
        ? this.webLocks
        : import('./web-locks.ts').then(({ readWebLocks }) => readWebLocks(this.threads, idle, this.#clock)),
    ])
    this.activeResources = new Map(resources)
    this.currentTests = new Map(tests)
    this.webLocks = webLocks
  }

  async #inPassing(): Promise<Look> {
    const look = await lookInPassing(this.#target.pid, this.#target.runtime.arch, this.threads, this.#clock)
    this.looks.push(look)
    return look
  }

  #holdersAreMissing(): boolean {
    const { resources, waits } = this.facts
    const incomplete = resources.filter(({ complete }) => complete !== true)
    return incomplete.some(({ id }) =>
      waits.some(({ request }) => JSON.stringify(request).includes(`"${id}"`)),
    )
  }

  /** Not where all who stand still wait for locks: an idle loop is none of their business. */
  #loopsMatter(): boolean {
    const { resources, waits, holds, productions } = this.facts
    const standing = [...this.#standing].map(thread => partyOf(this.#target.pid, thread))
    return (
      waits.length < standing.length ||
      standing.length === 0 ||
      productions.length > 0 ||
      resources.some(({ sort, complete }) => sort === 'consumable' || complete !== true) ||
      holds.some(({ party }) => !standing.includes(party))
    )
  }

  #activations(look: Look, of: Iterable<InspectedThread>): ReadonlyMap<string, readonly Activation[]> {
    const wanted = new Set(of)
    const activations = new Map<string, readonly Activation[]>()
    for (const [thread, frames] of framesOf(look)) {
      if (!wanted.has(thread)) continue
      const party = partyOf(this.#target.pid, thread)
      const seen = frames.map(frame => [frame, readFrame(this.reader, thread, frame)] as const)
      activations.set(party, readActivations(this.reader, thread, party, seen))
    }
    return activations
  }
}

function remembering<Value>(find: (path: string) => Value): (path: string) => Value {
  const known = new Map<string, Value>()
  return path => {
    const value = known.has(path) ? known.get(path)! : find(path)
    known.set(path, value)
    return value
  }
}
