import { type CallNode, isCall, isFunction, type Node, unwrapped } from '../../sources/syntax-tree.ts'
import type { Asker } from './asker.ts'
import { type ResolvedCall, resolveCall } from './call.ts'
import { CalleeEnvironment } from './callee-environment.ts'
import { canonicalText, constantOf } from './constants.ts'
import { decide, openConditions } from './decision.ts'
import { aboutCall, designatorOf } from './designator.ts'
import { isTesting, turnOf, withoutGuards, withoutReentry } from './entry-conditions.ts'
import { type Environment, type Known, known, type Moment, numberOf } from './environment.ts'
import type { FrameEvents, LockEvent } from './event.ts'
import type { FrameEnvironment } from './frame-environment.ts'
import { calledName, type FunctionCatalogue, type Origin } from './function-catalogue.ts'
import { giveBackBy } from './give-back.ts'
import { compiledDisposal, usingScope } from './guards.ts'
import { net } from './netting.ts'
import { refuses, takenAt, truthAt } from './outcome.ts'
import { type Entry, stepsAfter, stepsBefore } from './schedule.ts'
import { type AcquireStep, type CallStep, type ChangeStep, contains, type TryStep } from './steps.ts'
import { awaitsBetween, firstAwait } from './suspension.ts'
import { unreadCall } from './unread-call.ts'
import { beyond, wordAt } from './word-at.ts'

/** A function that acquires and returns is an acquirer itself; so is one that calls it, three levels at most. */
const depthLimit = 3
/** Elements of a list that a callback was run for. */
const callbackLimit = 8
/** Turns of a finished loop that are asked about at once, counted from 0. */
const lastProbed = 3
/** In a bundle's top-level function stand thousands of earlier calls: the newest are looked at. */
const callLimit = 200

type Position = Node | 'end'

/** Says which words a function has taken and given back when control is at a position. */
export class Effects {
  readonly #asker: Asker
  readonly #catalogue: FunctionCatalogue

  constructor(asker: Asker, catalogue: FunctionCatalogue) {
    this.#asker = asker
    this.#catalogue = catalogue
  }

  /** `inner`: the functions that the call in progress runs at this moment, which tell of themselves. */
  async ofFrame(environment: FrameEnvironment, inner: ReadonlySet<Node>): Promise<FrameEvents> {
    const { syntax, owner, position, activation } = environment
    const [past, ahead, handed] = await Promise.all([
      this.#of(environment, stepsBefore(syntax, owner, position), position, 0),
      this.#of(environment, stepsAfter(syntax, owner, position), position, 0),
      this.#handedOn(environment, inner),
    ])
    const releases = [...ahead.filter(event => event.kind !== 'acquire'), ...handed]
    const guarding = releases.some(({ kind, guard }) => kind === 'give-back' && guard === position)
    return { activation, past, ahead: releases, guarding }
  }

  /**
   * What the functions written in place for the call in progress are still to give back (`withLock(b, () => a.unlock())`):
   * only this thread can run them, and it has not come to them yet.
   */
  async #handedOn(environment: FrameEnvironment, inner: ReadonlySet<Node>): Promise<readonly LockEvent[]> {
    const { syntax, position } = environment
    if (!isCall(position)) return []
    const moment: Moment = { from: position }
    const events = (position.arguments as Node[])
      .map(unwrapped)
      .filter(isFunction)
      .filter(owner => !owner.generator && !inner.has(owner) && this.#catalogue.touches(syntax, owner))
      .map(async owner => {
        const callback = this.#writtenInPlace(environment, owner, [], moment)
        const found = await this.#of(callback, stepsBefore(syntax, owner, 'end'), 'end', 1)
        return [...net(found).changes, ...found.filter(({ kind }) => kind === 'give-back')]
      })
    return (await Promise.all(events)).flat()
  }

  /** A function that stands among the arguments of a call of this environment, and reads its free names here. */
  #writtenInPlace(
    environment: Environment,
    owner: Node,
    given: readonly Promise<Known>[],
    moment: Moment,
  ): CalleeEnvironment {
    return new CalleeEnvironment(
      {
        syntax: environment.syntax,
        owner,
        closure: environment.closure,
        receiver: environment.receiver(),
        arguments: given,
        outer: { environment, moment },
        constructs: false,
      },
      this.#asker,
    )
  }

  /** What a call takes when it succeeds, where its result is what tells. */
  async triedBy(environment: FrameEnvironment, call: CallNode): Promise<readonly LockEvent[]> {
    const { syntax, position } = environment
    if (!this.#catalogue.mayMatter(syntax, call)) return []
    const moment: Moment = { from: position }
    const called = await resolveCall(environment, call, moment, this.#catalogue, this.#asker)
    if (called === undefined || called === 'unreadable') return []
    const step: CallStep = { kind: 'call', call, completes: call }
    const inner = await this.#application(environment, step, called, 'end', 0)
    return inner
      .filter(({ kind, pending }) => kind === 'acquire' && pending === true)
      .map(event => ({
        ...event,
        step,
        moment,
        designator: designatorOf(event, called, call, syntax),
      }))
  }

  async #of(
    environment: Environment,
    entries: readonly Entry[],
    position: Position,
    depth: number,
  ): Promise<LockEvent[]> {
    const newest = entries.slice(-callLimit)
    const results = new Map<Entry, Promise<LockEvent[]>>()
    let probe: Promise<LockEvent[]> | undefined
    for (const entry of newest) {
      const number = entry.moment.iteration?.number ?? 0
      // Most loops are short: the later turns are asked about only when the last of the first few was real.
      const result =
        number > lastProbed && probe
          ? probe.then(found => (found.length > 0 ? this.#entry(environment, entry, position, depth) : []))
          : this.#entry(environment, entry, position, depth)
      if (number === lastProbed) probe = result
      results.set(entry, result)
    }
    const events = await Promise.all(newest.map(entry => results.get(entry)!))
    return events
      .flat()
      .filter(event => !(event.moment.iteration && 'unknown' in event.word && event.word.detail === beyond))
  }

  async #entry(
    environment: Environment,
    entry: Entry,
    position: Position,
    depth: number,
  ): Promise<LockEvent[]> {
    const { step } = entry
    const { syntax } = environment
    const conditions = step.kind === 'acquire' ? withoutReentry(syntax, entry, step) : entry.conditions
    const [turn, open, events] = await Promise.all([
      turnOf(environment, entry.moment),
      openConditions(environment, conditions, entry.moment),
      step.kind === 'call'
        ? this.#call(environment, step, entry, position, depth)
        : this.#word(environment, step, entry, position),
    ])
    if (turn === 'never' || open === 'no') return []
    const keys = (step.kind === 'try' ? withoutGuards(syntax, open, step) : open).map(({ key }) => key)
    if (keys.length === 0) return events
    return events.map(event => ({ ...event, conditions: [...keys, ...event.conditions] }))
  }

  /** A step that takes or writes a word right here. */
  async #word(
    environment: Environment,
    step: AcquireStep | TryStep | ChangeStep,
    entry: Entry,
    position: Position,
  ): Promise<LockEvent[]> {
    const { syntax, owner } = environment
    const { moment } = entry
    if (entry.inside && step.kind === 'acquire') {
      const taken = step.takings.some(
        one =>
          position !== 'end' &&
          !isTesting(syntax, one.call, position) &&
          takenAt(syntax, one, position) === true,
      )
      if (!taken) return []
    }
    const takes = step.kind === 'change' ? undefined : step.acquiring.takes
    const [array, index, value] = await Promise.all([
      environment.evaluate(step.array, moment),
      environment.evaluate(step.index, moment),
      takes && environment.evaluate(takes, moment),
    ])
    const word = await wordAt(this.#asker, array, index)
    const doubts = [array.doubt, index.doubt].filter(doubt => doubt !== undefined)
    const within: Origin = { syntax, owner, ambiguous: false }
    const about = `${canonicalText(syntax, step.array)}|${canonicalText(syntax, step.index)}`
    const taken = value && numberOf(known(value.answer))
    const designator = { syntax, node: step.array, index: step.index }
    const base = { word, conditions: [], doubts, step, moment, about, within, designator }
    if (step.kind === 'change') return [{ kind: 'change', change: step.change, ...base }]
    const acquire: LockEvent = {
      kind: 'acquire',
      acquiring: step.acquiring,
      ...(step.kind === 'try' && { change: step.change }),
      ...(taken !== undefined && { taken }),
      ...(takes && constantOf(syntax, takes) === undefined && { ownerWord: true }),
      ...base,
    }
    if (step.kind === 'acquire') return [acquire]
    return decide(environment, acquire, takenAt(syntax, step.taking, position), position)
  }

  /** A step that calls something: what that something has done by the time it returned. */
  async #call(
    environment: Environment,
    step: CallStep,
    entry: Entry,
    position: Position,
    depth: number,
  ): Promise<LockEvent[]> {
    const { syntax, owner } = environment
    const { moment } = entry
    const giveBack = giveBackBy(environment, step, moment)
    if (depth >= depthLimit || !this.#catalogue.mayMatter(syntax, step.call)) return giveBack
    const call = await resolveCall(environment, step.call, moment, this.#catalogue, this.#asker)
    if (call === undefined) return [...(await this.#callbacks(environment, step, entry, depth)), ...giveBack]
    if (call === 'unreadable') {
      const unread = unreadCall(this.#catalogue, environment, step, moment)
      const [given] = giveBack
      return given && unread[0]?.kind === 'change'
        ? [{ ...given, unread: unread[0] }]
        : [...unread, ...giveBack]
    }
    const inner = await this.#application(environment, step, call, position, depth)
    const about = `${aboutCall(syntax, step.call)}${moment.iteration ? `#${moment.iteration.number}` : ''}`
    const result: LockEvent[] = []
    const scope = usingScope(syntax, step.call)
    for (const event of inner) {
      // U1: what `using` binds is given back with the block that declares it.
      if (scope && event.kind === 'acquire' && (position === 'end' || !contains(scope, position))) continue
      const receiver = await call.receiver
      const disposed = compiledDisposal(syntax, owner, step.call, position)
      const doubts = [
        call.doubt,
        receiver.doubt,
        disposed === 'over' ? 'a `finally` may have released it' : undefined,
      ]
      const own: LockEvent = {
        ...event,
        step,
        moment,
        about,
        designator: designatorOf(event, call, step.call, syntax),
        doubts: [...event.doubts, ...doubts.filter(doubt => doubt !== undefined)],
        ...((scope || disposed === 'ahead') && { scoped: true }),
      }
      if (event.pending) {
        const { pending, ...settled } = own
        result.push(...(await decide(environment, settled, truthAt(syntax, step.call, position), position)))
      } else result.push(own)
    }
    return [...result, ...giveBack]
  }

  /** `locks.forEach(lock => lock.lock())`: a builtin has run what was written in place for it. */
  async #callbacks(
    environment: Environment,
    step: CallStep,
    entry: Entry,
    depth: number,
  ): Promise<LockEvent[]> {
    const { syntax } = environment
    const owner = (step.call.arguments as Node[]).map(unwrapped).find(isFunction)
    const callee = unwrapped(step.call.callee as Node)
    if (!owner || owner.async || owner.generator || !this.#catalogue.touches(syntax, owner)) return []
    const { moment } = entry
    const each = callee.type === 'MemberExpression' && calledName(syntax, step.call) === 'forEach'
    if (!each || !environment.element)
      return unreadCall(this.#catalogue, environment, step, moment, this.#catalogue.likelyOf(syntax, owner))
    const list = callee.object as Node
    const turns = await Promise.all(
      Array.from({ length: callbackLimit }, async (_, number) => {
        const element = environment.element!(list, number, moment)
        const callback = this.#writtenInPlace(environment, owner, [element], moment)
        if (known((await element).answer)?.kind === 'undefined') return []
        const { holds, changes } = net(
          await this.#of(callback, stepsBefore(syntax, owner, 'end'), 'end', depth + 1),
        )
        return [...changes, ...holds].map(event => ({
          ...event,
          step,
          moment,
          about: `${aboutCall(syntax, step.call)}#${number}`,
          designator: { syntax, node: list, index: undefined, number },
        }))
      }),
    )
    const last = turns[callbackLimit - 1]!
    return [
      ...turns.flat(),
      ...(last.length > 0 ? unreadCall(this.#catalogue, environment, step, moment, 'acquire') : []),
    ]
  }

  async #application(
    environment: Environment,
    step: CallStep,
    call: ResolvedCall,
    position: Position,
    depth: number,
  ): Promise<readonly LockEvent[]> {
    const { syntax, owner } = call.origin
    if (!isFunction(owner) || owner.generator) return []
    const callee = new CalleeEnvironment({ ...call.origin, ...call }, this.#asker)
    const stop = owner.async ? firstAwait(owner) : undefined
    const awaited = environment.syntax.parentOf(step.call)?.type === 'AwaitExpression'
    // N3, Y1: what nobody awaits has run up to its first `await` and stands there.
    const until = stop && !awaited ? stop : 'end'
    const events = await this.#of(callee, stepsBefore(syntax, owner, until), until, depth + 1)
    const { holds, changes } = net(events)
    const resumed = until !== 'end' && awaitsBetween(environment, step.call, position)
    const refusing = refuses(syntax, owner)
    return [
      ...changes,
      ...holds.map(hold => ({
        ...hold,
        ...(until !== 'end' && { suspended: true }),
        ...(refusing && hold.kind === 'acquire' && hold.step.kind === 'acquire' && { pending: true }),
        doubts: resumed
          ? [...hold.doubts, 'the async function that took it may have gone on since']
          : hold.doubts,
      })),
    ]
  }
}
