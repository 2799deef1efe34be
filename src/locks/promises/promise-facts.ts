/** The tasks and promise locks of one thread in the model's words: who waits for what, and who holds it. */

import type { Activation, HeapNode } from '../../heap/graph.ts'
import { leavesOf, type Need, type Task } from '../../heap/tasks.ts'
import type {
  Frame,
  Hold,
  Place,
  Production,
  Request,
  Resource,
  Task as TaskRecord,
  Wait,
} from '../../snapshot/model.ts'
import { isUnknown } from '../../snapshot/model.ts'
import { redactedText } from '../../snapshot/secrets.ts'
import { callPosition } from '../../sources/syntax.ts'
import { isCall, type Node } from '../../sources/syntax-tree.ts'
import type { LockFacts } from '../atomics/facts.ts'
import type { LockAdapter } from './adapters/adapter.ts'
import { adapterOf, capacityOf } from './adapters/adapters.ts'
import type { AsyncWaits, PromiseLock } from './async-waits.ts'
import { fileText, isFetch, notifyText } from './awaited-call.ts'
import { awaitedEvent, eventText } from './awaited-event.ts'
import { moreByCount } from './counters.ts'
import type { LockHold } from './holds.ts'
import { nameInHeap } from './name-in-heap.ts'
import { type Outside, outsideOf } from './outside-waits.ts'
import { reachedByTimer } from './reached-by-timers.ts'
import { acquiredUnawaited, givenBackElsewhere, letInElsewhere } from './releases-elsewhere.ts'
import { type SuspendedCode, suspends } from './suspended-code.ts'

export interface PromiseFacts {
  readonly facts: LockFacts
  readonly tasks: readonly TaskRecord[]
}

export interface FactContext {
  readonly process: string
  /** The thread's party. */
  readonly thread: string
  /** Tasks are numbered from here on. */
  readonly firstTask: number
  /** The time on the clock of the thread's event loop, milliseconds; undefined where it is not known. */
  readonly loopNow?: number | undefined
  /** Every task goes on only when this can be had: the event loop of a thread that stands still. */
  readonly loop: string | undefined
  /** The libraries whose locks are known by name. */
  readonly adapters: readonly LockAdapter[]
  frameOf(activation: Activation): Frame
  /** A place in the text of a function's script. */
  placeOf(activation: Activation, position: { line: number; column: number }): Place | undefined
}

/** Fields by which a request goes. */
const identifying = ['requestId', 'reqId', 'traceId', 'correlationId', 'id', 'name', 'url', 'path']

const uncounted = 'how many it lets in is not told: the heap snapshot has no numbers'

const nowhere = { unknown: 'its place could not be told' }

export function promiseFacts(waits: AsyncWaits, context: FactContext): PromiseFacts {
  return new Facts(waits, context).all()
}

class Facts {
  readonly #waits: AsyncWaits
  readonly #context: FactContext
  readonly #parties = new Map<Task, string>()
  /** By activation. */
  readonly #taskOf = new Map<HeapNode, Task>()
  readonly #ids = new Map<PromiseLock, string>()
  readonly #results = new Map<HeapNode, string>()
  readonly #labels = new Map<PromiseLock, string>()
  readonly #resources: Resource[] = []
  readonly #productions: Production[] = []

  constructor(waits: AsyncWaits, context: FactContext) {
    this.#waits = waits
    this.#context = context
    waits.tasks.forEach((task, at) => {
      this.#parties.set(task, `${context.thread}/a${context.firstTask + at}`)
      for (const { node } of task.activations) this.#taskOf.set(node, task)
    })
  }

  all(): PromiseFacts {
    const { tasks, locks } = this.#waits
    const holds = locks.flatMap((lock, at) => {
      const id = `${this.#context.thread}/promise lock ${at + 1}`
      const uncertain = this.#uncounted(lock) ? uncounted : undefined
      const held = onePerTask(lock.holds.flatMap(hold => this.#hold(id, hold, uncertain)))
      if (held.length > 0) {
        this.#ids.set(lock, id)
        this.#resources.push(this.#resource(id, lock, held))
      }
      return held
    })
    const records: TaskRecord[] = []
    const waiting = tasks.map((task): Wait => {
      const said = this.#say(task)
      records.push(said.record)
      return said.wait
    })
    return {
      facts: { resources: this.#resources, holds, productions: this.#productions, waits: waiting },
      tasks: records,
    }
  }

  /** Held by the task that it waits for itself: that one has to return before it can give anything back. */
  #hold(
    resource: string,
    { activation, acquired, evidence }: LockHold,
    uncertain: string | undefined,
  ): readonly Hold[] {
    const holding = this.#taskOf.get(activation.node) ?? this.#drivenBy(activation)
    if (holding === undefined) return []
    let task = holding
    for (const seen = new Set<Task>(); !seen.has(task) && task.need.kind === 'return'; ) {
      seen.add(task)
      task = this.#taskOf.get(task.need.activation) ?? task
    }
    const code = this.#waits.codeOf(activation)
    const at =
      acquired === undefined || code === undefined
        ? undefined
        : this.#context.placeOf(activation, code.source.syntax.lines.positionAt(positionOf(acquired)))
    const index = task.activations.indexOf(activation)
    const isDriven = !this.#taskOf.has(activation.node)
    const frames = task.activations.map(one => this.#context.frameOf(one))
    const own = index >= 0 ? ownFrame(frames, index) : undefined
    const program = index >= 0 || isDriven ? undefined : this.#programFrame(task)
    const doubt = this.#waits.doubtOf(activation) ?? uncertain
    return [
      {
        party: this.#parties.get(task)!,
        resource,
        units: 1,
        at: program ?? (own === undefined ? this.#context.frameOf(activation) : frames[own]!),
        ...(own !== undefined && { frame: own }),
        acquiredAt: own === undefined || own === index ? (at ?? nowhere) : placeIn(frames[own]!),
        sure: doubt === undefined,
        how: 'inferred',
        evidence,
        ...(doubt !== undefined && { doubt }),
      },
    ]
  }

  /** No number tells of its units, and it is of no library whose locks have one. */
  #uncounted({ owner, parts }: PromiseLock): boolean {
    const { heap } = this.#waits.graph
    if (heap.withoutNumbers !== true) return false
    const known = adapterOf(heap, [...(owner === undefined ? [] : [owner]), ...parts], this.#context.adapters)
    return known?.adapter.kind !== 'mutex'
  }

  /** Whose task goes on with a generator that stands at a `yield`: the only function that has it, in a variable of its own. */
  #drivenBy({ node }: Activation): Task | undefined {
    const { heap } = this.#waits.graph
    const users = new Set<HeapNode>()
    for (const { node: from, kind } of heap.retainers(node)) {
      if (from === node) continue
      if (kind !== 'internal') return undefined
      if (heap.kind(from) === 'activation') users.add(from)
    }
    const [only] = users
    return users.size === 1 ? this.#taskOf.get(only!) : undefined
  }

  /** The outermost function of the program in it: what a lock's own function was given to run. */
  #programFrame({ activations }: Task): Frame | undefined {
    return activations.map(one => this.#context.frameOf(one)).findLast(({ owner }) => owner === 'program')
  }

  #resource(id: string, lock: PromiseLock, holds: readonly Hold[]): Resource {
    const { heap } = this.#waits.graph
    const owner = lock.owner === undefined ? [] : [lock.owner]
    const known = adapterOf(heap, [...owner, ...lock.parts], this.#context.adapters)
    const told = known && capacityOf(heap, known.part, known.adapter)
    const units = { ...lock.units, ...(told !== undefined && { capacity: told }) }
    const taken = holds.length
    // A queue that runs its holders itself may be at rest, or let in more of them.
    const untold = this.#uncounted(lock) && lock.holds.some(({ acquired }) => acquired === undefined)
    const elsewhere =
      (untold ? uncounted : undefined) ??
      othersInside(lock) ??
      moreByCount(this.#waits, lock, taken) ??
      givenBackElsewhere(this.#waits, lock) ??
      letInElsewhere(this.#waits, lock) ??
      reachedByTimer(this.#waits, lock) ??
      (units.capacity === undefined ? acquiredUnawaited(this.#waits, lock) : undefined)
    const capacity = Math.max(units.capacity ?? taken, taken)
    const unseen = capacity - taken - units.free
    const doubt =
      elsewhere ??
      (unseen > 0 ? `${unseen} of its ${capacity} units are held by something that is not seen` : undefined)
    return {
      id,
      sort: 'reusable',
      kind: known?.adapter.kind ?? (capacity === 1 ? 'mutex' : 'semaphore'),
      label: this.#label(lock),
      aliases: [],
      process: this.#context.process,
      capacity: doubt === undefined ? capacity : { unknown: doubt },
      free: units.free,
      complete: doubt === undefined ? true : { unknown: doubt },
    }
  }

  #label(lock: PromiseLock): string {
    const known = this.#labels.get(lock)
    if (known !== undefined) return known
    const label = this.#named(lock)
    this.#labels.set(lock, label)
    return label
  }

  /** As its place in the program's data, else as the text of the call, else by its class. */
  #named({ label, owner, container, key, parts, methods }: PromiseLock): string {
    const { heap } = this.#waits.graph
    const code = label && this.#waits.codeOf(label.activation)
    const text = label?.target && code ? code.source.syntax.textOf(label.target).replace(/\s+/g, ' ') : ''
    const called = [...parts].filter(
      part =>
        heap.kind(part) === 'object' && [...methods].some(method => method !== '' && heap.has(part, method)),
    )
    const named = nameInHeap(heap, owner ?? container, owner === undefined ? parts : new Set(called))
    const short =
      text.length > 0 && text.length <= 40 && !/^this$|\(/.test(text) ? text.replace(/^this\./, '') : ''
    const shown =
      (named !== undefined && named.length <= 50 ? named : undefined) ??
      (short || (owner === undefined ? '' : heap.className(owner)) || unnamed)
    return key === undefined || /^\d+$/.test(key) ? shown : `${shown} '${key}'`
  }

  #say(task: Task): { readonly wait: Wait; readonly record: TaskRecord } {
    const party = this.#parties.get(task)!
    const request = this.#request(task.need)
    const frames = task.activations.map(one => this.#context.frameOf(one))
    const frame = Math.max(
      0,
      frames.findIndex(({ owner }) => owner === 'program'),
    )
    const asking = task.activations[frame]
    const code = asking && this.#waits.codeOf(asking)
    const call = code ? callText(code) : ''
    const { loop } = this.#context
    const said = this.#inCall(task, code, this.#phrase(task.need))
    const awaits = leavesOf(task.need).flatMap(leaf => {
      const lock = leaf.kind === 'settled' ? this.#waits.lockOf(leaf.promise) : undefined
      const settling =
        leaf.kind === 'return' ? [leaf.activation] : lock ? [] : this.#waits.reachOf(leaf.promise).activations
      return settling.flatMap(node => this.#parties.get(this.#taskOf.get(node)!) ?? [])
    })
    return {
      wait: {
        party,
        request:
          loop === undefined
            ? request
            : { kind: 'allOf', requests: [request, { kind: 'units', resource: loop, units: 1 }] },
        call,
        at: frames[frame] ?? nowhere,
        frame,
        sure: true,
        how: 'observed',
        evidence: 'V8 keeps it as a reaction of the promise that it awaits',
      },
      record: {
        id: party,
        thread: this.#context.thread,
        frames: [...frames],
        waitsFor: said.text,
        waitKind: said.kind,
        awaits: [...new Set(awaits)],
        ...this.#storeLabel(task),
      },
    }
  }

  /** What AsyncLocalStorage gives it: a text, or what an object of it is identified by. */
  #storeLabel({ activations }: Task): { readonly label?: string } {
    const { graph } = this.#waits
    const [innermost] = activations
    const store = innermost && graph.asyncContext(innermost.node)
    if (store === undefined) return {}
    for (const { kind, node } of graph.heap.edges(store)) {
      if (kind !== 'entry') continue
      const text = graph.heap.text(node)
      if (text !== undefined && text.length <= 60) return { label: redactedText(text) }
      for (const name of identifying) {
        const value = graph.heap.value(node, name)
        if (value?.kind === 'text' || value?.kind === 'number')
          return { label: `${name} ${redactedText(String(value.value))}`.slice(0, 60) }
      }
    }
    return {}
  }

  #request(need: Need): Request {
    switch (need.kind) {
      case 'all':
      case 'any':
        return {
          kind: need.kind === 'all' ? 'allOf' : 'anyOf',
          requests: need.needs.map(one => this.#request(one)),
        }
      case 'return':
        return this.#return(need.activation)
      case 'settled':
        return this.#settled(need.promise)
    }
  }

  #return(activation: HeapNode): Request {
    const task = this.#taskOf.get(activation)
    if (task === undefined) return { kind: 'outside', what: 'a function that goes on' }
    const known = this.#results.get(activation)
    if (known !== undefined) return { kind: 'produced', resource: known }
    const party = this.#parties.get(task)!
    const id = `${party}/return ${task.activations.findIndex(({ node }) => node === activation) + 1}`
    const frame = this.#context.frameOf(this.#waits.graph.activations.get(activation)!)
    this.#results.set(activation, id)
    this.#resources.push({
      id,
      sort: 'consumable',
      kind: 'return',
      label: returnOf(frame),
      aliases: [],
      process: this.#context.process,
      capacity: { unknown: 'a function returns once' },
      free: 0,
      complete: true,
    })
    this.#productions.push({
      party,
      resource: id,
      sure: true,
      how: 'observed',
      evidence: 'the promise that it awaits is the one that this call returned',
    })
    return { kind: 'produced', resource: id }
  }

  #settled(promise: HeapNode): Request {
    const lock = this.#waits.lockOf(promise)
    const id = lock && this.#ids.get(lock)
    const outside = outsideOf(this.#waits, promise, this.#context.loopNow)
    const units: Request | undefined =
      id === undefined ? undefined : { kind: 'units', resource: id, units: 1 }
    if (units === undefined) return this.#byFunctions(promise) ?? requestOf(outside)
    // A timer beside the queue is a time limit; a signal, or a socket, may take it out of the queue.
    const ends = outside.kind === 'timer' || outside.kind === 'i/o'
    return ends ? { kind: 'anyOf', requests: [units, requestOf(outside)] } : units
  }

  /** Only suspended functions can settle it: those that have its resolving function in a variable. */
  #byFunctions(promise: HeapNode): Request | undefined {
    const { stores, timers, io, roots, activations } = this.#waits.reachOf(promise)
    if (stores.length + timers.length + io.length + roots.length > 0) return undefined
    const own = this.#waits.graph.awaiting(promise).flatMap(node => this.#taskOf.get(node) ?? [])
    const tasks = activations.map(node => this.#taskOf.get(node))
    // What waits for its own doing may have been meant to wait for ever.
    if (tasks.length === 0 || tasks.some(task => task === undefined || own.includes(task))) return undefined
    return { kind: 'anyOf', requests: activations.map(node => this.#return(node)) }
  }

  /** The same with what the call tells that is awaited. */
  #inCall(task: Task, code: SuspendedCode | undefined, said: Phrase): Phrase {
    if (said.kind === 'nothing' && code !== undefined) {
      const notify = notifyText(code)
      return notify === undefined ? said : { text: notify, kind: 'message' }
    }
    if (said.kind !== 'i/o') return said
    const file = fileText(this.#waits.graph.heap, task.activations)
    if (file !== undefined) return { ...said, text: `a file operation (${file})` }
    return code !== undefined && isFetch(code) && said.text === 'an abort signal'
      ? { ...said, text: 'an HTTP response (fetch)' }
      : said
  }

  /** What it waits for, after `waits for`. */
  #phrase(need: Need): Phrase {
    if ('needs' in need) {
      const parts = need.needs.map(one => this.#phrase(one))
      const texts = [...new Set(parts.map(({ text }) => text))]
      const few = texts.length > 4 ? [...texts.slice(0, 3), `${texts.length - 3} more`] : texts
      const kinds = new Set(parts.map(({ kind }) => kind))
      return {
        text: few.join(need.kind === 'all' ? ' and ' : ' or '),
        kind: kinds.size === 1 ? parts[0]!.kind : 'several',
      }
    }
    if (need.kind === 'return') {
      const task = this.#taskOf.get(need.activation)
      const activation = this.#waits.graph.activations.get(need.activation)
      const text = activation === undefined ? 'a function' : returnOf(this.#context.frameOf(activation))
      return { text, kind: task === undefined ? 'unknown' : 'task' }
    }
    const lock = this.#waits.lockOf(need.promise)
    const outside = outsideOf(this.#waits, need.promise, this.#context.loopNow)
    if (lock === undefined) return { text: outside.text, kind: outside.kind }
    const until = outside.kind === 'timer' ? `, or ${outside.text}` : ''
    const label = this.#label(lock)
    if (this.#ids.has(lock)) return { text: `${label}${until}`, kind: 'lock' }
    const event = awaitedEvent(this.#waits.graph.heap, this.#waits.reachOf(need.promise).stores)
    if (event !== undefined)
      return { text: `${eventText(this.#waits.graph.heap, event)}${until}`, kind: 'event' }
    // An event iterator, a channel, a job queue: what has no name and no holder need not be a lock.
    const free =
      label === unnamed
        ? 'its turn in a queue, which no suspended function is seen to serve'
        : `${label}, which no suspended function is seen to hold`
    return { text: `${free}${until}`, kind: 'queue' }
  }
}

/** What a task waits for, after `waits for`, and of which kind that is. */
interface Phrase {
  readonly text: string
  readonly kind: string
}

/** What a lock is called that nothing of the program's data names. */
const unnamed = 'a lock'

/** The reason why its holders are not all whom it has let in. */
function othersInside({ unseen }: PromiseLock): string | undefined {
  if (unseen === 'too many') return 'more promises are pending than were looked at'
  if (unseen.length === 0) return undefined
  return `${unseen.length} that it has let in ${unseen.length === 1 ? 'is' : 'are'} no suspended function`
}

/**
 * Where a reader knows the program: of a function of a library that holds, the nearest of the program's own that called it, else
 * the nearest that it runs.
 */
function ownFrame(frames: readonly Frame[], at: number): number {
  if (frames[at]?.owner === 'program') return at
  const outer = frames.findIndex(({ owner }, index) => index > at && owner === 'program')
  if (outer >= 0) return outer
  const inner = frames.findLastIndex(({ owner }, index) => index < at && owner === 'program')
  return inner >= 0 ? inner : at
}

function placeIn({ file, line, column }: Frame): Hold['acquiredAt'] {
  return isUnknown(file) || isUnknown(line) || isUnknown(column) ? nowhere : { file, line, column }
}

/** A queue's job is one, however many of its functions show that it was let in. */
function onePerTask(holds: readonly Hold[]): readonly Hold[] {
  return holds.filter(
    (hold, at) =>
      hold.acquiredAt !== nowhere ||
      !holds.some(
        (other, index) =>
          other.party === hold.party && (index < at || (index > at && other.acquiredAt !== nowhere)),
      ),
  )
}

function requestOf(outside: Outside): Request {
  return outside.kind === 'timer'
    ? { kind: 'deadline', inMs: outside.inMs ?? null, leaves: true }
    : { kind: 'outside', what: outside.text }
}

function positionOf(node: Node): number {
  return isCall(node) ? callPosition(node) : node.start
}

function returnOf(frame: Frame): string {
  if (frame.function !== '(module)') return `the return of ${nameOf(frame)}`
  return isUnknown(frame.file)
    ? 'the evaluation of a module'
    : `the evaluation of ${frame.file.split('/').at(-1)}`
}

/** `Ledger.post (ledger.js:12)`. */
function nameOf(frame: Frame): string {
  const named = frame.function !== '' && frame.function !== '(anonymous)'
  const name = named ? frame.function : 'an anonymous function'
  const owner = typeof frame.class === 'string' && frame.class !== '' ? `${frame.class}.` : ''
  const file = isUnknown(frame.file) ? undefined : frame.file.split('/').at(-1)
  return file === undefined || isUnknown(frame.line)
    ? `${owner}${name}`
    : `${owner}${name} (${file}:${frame.line})`
}

/** `await mutex.runExclusive(…)`: what is called, without what it is given. */
function callText({ source, suspension, awaited }: SuspendedCode): string {
  if (awaited === undefined) return shorten(source.syntax.textOf(suspension))
  const callee = source.syntax.text.slice(awaited.node.start, awaited.arguments[0]?.start ?? awaited.node.end)
  const text = awaited.arguments.length === 0 ? callee : `${callee.replace(/\(\s*$/, '')}(…)`
  return shorten(suspends(suspension) ? `await ${text}` : text)
}

function shorten(text: string): string {
  const line = text.replace(/\s+/g, ' ')
  return line.length > 80 ? `${line.slice(0, 77)}…` : line
}
