import type { Hold, Place, Production, Resource, Wait } from '../../snapshot/model.ts'
import type { ValueSource } from '../../snapshot/question.ts'
import { callPosition } from '../../sources/syntax.ts'
import type { CallNode } from '../../sources/syntax-tree.ts'
import { Asker } from './asker.ts'
import { Effects } from './effects.ts'
import { known, wordKey } from './environment.ts'
import type { LockEvent } from './event.ts'
import { FrameEnvironment } from './frame-environment.ts'
import { byWord, type Holding, holdingsOf } from './holder.ts'
import { type JudgedHold, judge } from './judged-hold.ts'
import { isLockCode, Names, type Naming } from './names.ts'
import { ownersOf } from './owner.ts'
import type { PlacedFrame, Prepared } from './prepared.ts'
import { capacityOf, freeOf, withMode } from './units.ts'
import { useOf } from './use.ts'
import { sleepOf, waitOf } from './wait.ts'
import { readWaiter, type Waiter } from './waiter.ts'

/** What the rules found, in the model's words. */
export interface LockFacts {
  readonly resources: readonly Resource[]
  readonly holds: readonly Hold[]
  readonly productions: readonly Production[]
  readonly waits: readonly Wait[]
}

/** Why a list of holders is not complete while a thread idles. */
export function mayHoldUnseen(party: string): string {
  return `a callback or a suspended function of ${party} may hold it`
}

/** A JavaScript thread whose stack was not given. */
export interface OtherParty {
  readonly party: string
  /** In its event loop: it has no stack, so nothing is held on one. */
  readonly idle: boolean
}

/** Asks about all stacks at once, and puts the answers together: who waits for which word, and who holds it. */
export async function atomicsFacts(
  prepared: Prepared,
  values: ValueSource,
  others: readonly OtherParty[] | undefined,
): Promise<LockFacts> {
  const asker = new Asker(values)
  const names = new Names(asker, prepared.texts, prepared.catalogue)
  const effects = new Effects(asker, prepared.catalogue)
  const stacks = [...prepared.stacks]
  const [waiters, holdings] = await Promise.all([
    Promise.all(stacks.map(([party, stack]) => readWaiter(party, stack, asker, names))),
    Promise.all(stacks.map(([party, stack]) => holdingsOn(party, stack, effects, asker))),
  ])
  const waiting = waiters.filter(waiter => waiter !== undefined)
  return new Combination(prepared, names, asker, waiting, holdings.flat(), others).facts()
}

async function holdingsOn(
  party: string,
  stack: readonly PlacedFrame[],
  effects: Effects,
  asker: Asker,
): Promise<readonly Holding[]> {
  const frames = await Promise.all(
    stack.map(({ syntax, owner, activation, position }) =>
      effects.ofFrame(new FrameEnvironment(syntax, owner, activation, position, asker)),
    ),
  )
  return holdingsOf(party, frames)
}

class Combination {
  readonly #prepared: Prepared
  readonly #names: Names
  readonly #asker: Asker
  readonly #waiters: readonly Waiter[]
  readonly #read: ReadonlyMap<string, readonly Holding[]>
  readonly #unread: readonly Holding[]
  readonly #others: readonly OtherParty[] | undefined
  readonly #process: string

  constructor(
    prepared: Prepared,
    names: Names,
    asker: Asker,
    waiters: readonly Waiter[],
    holdings: readonly Holding[],
    others: readonly OtherParty[] | undefined,
  ) {
    this.#prepared = prepared
    this.#names = names
    this.#asker = asker
    this.#waiters = waiters
    const { read, unread } = byWord(holdings)
    this.#read = read
    this.#unread = unread
    this.#others = others
    this.#process = ([...prepared.stacks.keys()][0] ?? '').split('/')[0]!
  }

  async facts(): Promise<LockFacts> {
    const groups = new Map<string, Waiter[]>()
    const sleepers = this.#waiters.filter(waiter => waiter.sleeps && waiter.timeout !== null)
    for (const waiter of this.#waiters) {
      if (sleepers.includes(waiter)) continue
      const word = known(waiter.word)
      const key = word ? wordKey(word) : `unread ${waiter.party}`
      groups.set(key, [...(groups.get(key) ?? []), waiter])
    }
    const parts = await Promise.all(
      [...groups].map(([key, waiters], index) =>
        this.#resource(`${this.#process}/r${index + 1}`, key, waiters),
      ),
    )
    return {
      resources: parts.map(part => part.resource),
      holds: parts.flatMap(part => part.holds),
      productions: parts.flatMap(part => part.productions),
      waits: [...parts.flatMap(part => part.waits), ...sleepers.map(sleepOf)],
    }
  }

  async #resource(id: string, key: string, waiters: readonly Waiter[]) {
    const word = known(waiters[0]!.word)
    const all = judge(this.#read.get(key) ?? [], waiters, this.#prepared.catalogue)
    const judged = all.filter(one => !one.handedOn)
    const handedOn = all.find(one => one.handedOn)
    const taking = waiters.find(waiter => waiter.acquiring)?.acquiring
    // A counter that nobody holds is awaited, not locked: anybody may raise it.
    const isLock =
      taking !== undefined && (taking.plain || taking.lock === 'ticket lock' || judged.length > 0)
    const uncounted = taking?.lock === 'semaphore' ? this.#uncounted(judged) : undefined
    const believed = judged.map(one => (uncounted ? { ...one, doubt: one.doubt ?? uncounted } : one))
    const found = await Promise.all(believed.map(one => this.#hold(id, one)))
    const owners = isLock && found.length === 0 ? ownersOf(waiters, this.#parties(), word) : undefined
    const holds = owners ? [ownerHold(id, owners.party, owners.evidence)] : found.map(one => one.hold)
    const labels = new Map<string, string>()
    for (const waiter of waiters) labels.set(waiter.party, waiter.label)
    for (const one of found) if (!labels.has(one.hold.party)) labels.set(one.hold.party, one.label)
    const [first = '', ...rest] = [...labels.keys()].sort(byThread)
    const label =
      labels.get(first) ??
      (word ? `${word.arrayType} cell ${wordKey(word)}` : 'a word that could not be read')
    const shared =
      taking?.mode === 'shared' || judged.some(one => one.holding.event.acquiring?.mode === 'shared')
    const kind = !isLock ? 'event' : shared ? 'read-write lock' : taking.lock
    const complete: Resource['complete'] = !word
      ? { unknown: 'the word that it waits for could not be read' }
      : isLock
        ? this.#givenBackElsewhere(judged)
          ? { unknown: uncounted ?? 'it is also released where it was not acquired' }
          : this.#completeHolders(judged, taking.lock, owners !== undefined, handedOn)
        : this.#completeProducers()
    const capacity = capacityOf(kind, word, holds, complete === true)
    const resource: Resource = {
      id,
      sort: isLock ? 'reusable' : 'consumable',
      kind,
      label,
      aliases: rest.flatMap(party =>
        labels.get(party) === label ? [] : [{ party, label: labels.get(party)! }],
      ),
      process: this.#process,
      ...(word && {
        word: {
          buffer: word.buffer,
          byte: word.byte,
          value: typeof word.value === 'bigint' ? String(word.value) : word.value,
          shared: word.shared,
        },
      }),
      capacity,
      free: isLock ? freeOf(kind, word, taking.free, holds, capacity) : 0,
      complete,
    }
    return {
      resource,
      holds: holds.map(hold => (kind === 'read-write lock' ? withMode(hold) : hold)),
      productions: isLock ? [] : this.#productions(id, waiters),
      waits: waiters.map(waiter => waitOf(id, waiter, isLock, kind)),
    }
  }

  #parties(): readonly string[] {
    return [...this.#prepared.stacks.keys(), ...(this.#others ?? []).map(other => other.party)]
  }

  /** Whoever else runs in the process can store and notify; only the waiting thread itself cannot. */
  #productions(id: string, waiters: readonly Waiter[]): Production[] {
    const single = waiters.length === 1 ? waiters[0]!.party : undefined
    return this.#parties().flatMap(party =>
      party === single
        ? []
        : [
            {
              party,
              resource: id,
              sure: true,
              how: 'inferred' as const,
              evidence: 'any thread that can reach the buffer could notify',
            },
          ],
    )
  }

  /** Then no code can run but what stands on the stacks. */
  #everybodyWaits(): boolean {
    return this.#parties().every(party =>
      this.#waiters.some(waiter => waiter.party === party && (waiter.timeout === null || waiter.retried)),
    )
  }

  #completeProducers(): Resource['complete'] {
    return this.#others ? true : { unknown: 'not all threads of the process are known' }
  }

  #completeHolders(
    judged: readonly JudgedHold[],
    lock: string,
    byOwner: boolean,
    handedOn: JudgedHold | undefined,
  ): Resource['complete'] {
    if (byOwner) return true
    const single = lock === 'mutex' || lock === 'ticket lock'
    if (single && judged.some(one => one.doubt === undefined)) return true
    if (handedOn) {
      const taker = handedOn.holding.party
      return {
        unknown: `${taker} took it, but nothing on its stack gives it back: another thread may be meant to`,
      }
    }
    const unseen = this.#others === undefined ? [] : this.#others.filter(other => !other.idle)
    if (this.#others === undefined) return { unknown: 'not all threads of the process are known' }
    if (unseen.length > 0) return { unknown: `the stack of ${unseen[0]!.party} was not read` }
    const [frame] = this.#prepared.unread
    if (frame) return { unknown: `${frame.activation.functionName || 'a frame'}: ${frame.why}` }
    const unread = this.#unread.find(one => !one.event.acquiring || one.event.acquiring.lock === lock)
    if (unread) {
      const { step } = unread.event
      const text = step.kind === 'call' ? shortText(step.call, unread, this.#prepared) : 'a lock'
      return { unknown: `${unread.party} may hold it: ${text} could not be evaluated` }
    }
    const sample = judged[0]?.holding.event ?? [...this.#read.values()].flat()[0]?.event
    const use = sample && useOf(this.#prepared.catalogue, sample)
    if (use?.suspendable[0]) return { unknown: `${use.suspendable[0]} may hold it while it awaits something` }
    if (single && judged.length > 0) return { unknown: 'its holder is not sure' }
    if (lock === 'lock') return { unknown: 'how the word is used could not be told from the source' }
    const idle = this.#others.find(other => other.idle)
    return judged.length === 0 && idle ? { unknown: mayHoldUnseen(idle.party) } : true
  }

  /**
   * S2: whether a semaphore may have more units out than were found. With paired use each lies on a stack, and all
   * stacks were read; where everybody waits nobody is left to release one. Otherwise its holds are no proof.
   */
  #uncounted(judged: readonly JudgedHold[]): string | undefined {
    const [sample] = judged
    if (!sample || this.#everybodyWaits()) return undefined
    if (this.#givenBackElsewhere(judged))
      return 'more units than were found may be out: it is also released where it was not acquired'
    return this.#prepared.texts.whole
      ? undefined
      : 'more units than were found may be out: a thread that is free to run may release it in code that was not read'
  }

  /** A unit of a semaphore may be out in a callback of a thread that idles now, which will give it back. */
  #givenBackElsewhere([sample]: readonly JudgedHold[]): boolean {
    if (sample?.holding.event.acquiring?.lock !== 'semaphore' || this.#everybodyWaits()) return false
    return useOf(this.#prepared.catalogue, sample.holding.event).unpaired > 0
  }

  async #hold(id: string, judged: JudgedHold): Promise<{ hold: Hold; label: string }> {
    const { party, event } = judged.holding
    const stack = this.#prepared.stacks.get(party)!
    const at = event.depth ?? 0
    const frame = stack[at]!
    const naming = await this.#nameOf(event, stack, at)
    const call = event.step.kind === 'call' ? event.step.call : takingCall(event)
    const acquiredAt =
      naming.frame === frame ? this.#placeOf(frame, call) : this.#placeOf(naming.frame, naming.frame.call)
    const text = frame.syntax.textOf(call).replace(/\s+/g, ' ')
    const line = 'line' in acquiredAt ? ` at line ${acquiredAt.line}` : ''
    const evidence = judged.byOwner
      ? `the word holds ${event.taken}, the id that this thread writes when it takes the lock with \`${shorten(text)}\``
      : `\`${shorten(text)}\`${line} has returned${event.suspended ? ', in a function that is suspended,' : ''} and nothing on this stack has released it since${judged.holding.ahead > 0 ? '; its release is still to come' : ''}`
    return {
      label: naming.label,
      hold: {
        party,
        resource: id,
        units: 1,
        ...(event.acquiring?.mode === 'shared' && { mode: 'shared' as const }),
        at: naming.frame.activation.frame,
        frame: naming.frame.activation.index,
        acquiredAt,
        sure: judged.doubt === undefined,
        how: judged.byOwner ? 'observed' : 'inferred',
        evidence,
        ...(judged.doubt !== undefined && { doubt: judged.doubt }),
      },
    }
  }

  async #nameOf(event: LockEvent, stack: readonly PlacedFrame[], at: number): Promise<Naming> {
    const frame = stack[at]!
    const { designator } = event
    if (!designator) return { label: shorten(event.about), frame }
    if (designator.syntax !== frame.syntax || !within(frame, designator.node))
      return { label: shorten(designator.syntax.textOf(designator.node)), frame }
    const { number } = designator
    if (number !== undefined) {
      const list = await this.#names.name(stack, at, designator.node, undefined, false)
      return { label: `${list.label}[${number}]`, frame }
    }
    const inLock = event.step.kind !== 'call' && isLockCode(frame.syntax, frame.owner)
    const environment = new FrameEnvironment(
      frame.syntax,
      frame.owner,
      frame.activation,
      frame.position,
      this.#asker,
    )
    return this.#names.name(stack, at, designator.node, designator.index, inLock, {
      moment: event.moment,
      environment,
    })
  }

  #placeOf(frame: PlacedFrame, call: CallNode | undefined): Place {
    const { line, column } = call
      ? frame.syntax.lines.positionAt(callPosition(call))
      : { line: frame.activation.line, column: frame.activation.column }
    const { file, ...place } = this.#prepared.texts.original(frame.activation.script, line, column)
    return { file, line: place.line, column: place.column }
  }
}

function within(frame: PlacedFrame, node: { start: number; end: number }): boolean {
  return frame.owner.start <= node.start && node.end <= frame.owner.end
}

function takingCall(event: LockEvent): CallNode {
  const { step } = event
  if (step.kind === 'acquire') return step.takings[0]!.call
  if (step.kind === 'try') return step.taking.call
  return step.kind === 'change' ? step.operation.call : step.call
}

function shortText(call: CallNode, holding: Holding, prepared: Prepared): string {
  const frame = prepared.stacks.get(holding.party)?.[holding.event.depth ?? 0]
  return frame ? `\`${shorten(frame.syntax.textOf(call).replace(/\s+/g, ' '))}\`` : 'a call'
}

function ownerHold(resource: string, party: string, evidence: string): Hold {
  const nowhere = { unknown: 'no frame of that thread shows where it took it' }
  return {
    party,
    resource,
    units: 1,
    at: nowhere,
    acquiredAt: nowhere,
    sure: true,
    how: 'observed',
    evidence,
  }
}

function byThread(left: string, right: string): number {
  return Number(left.split('/t')[1]) - Number(right.split('/t')[1])
}

function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}…` : text
}
