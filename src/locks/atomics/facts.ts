import type { Hold, Production, Resource, Wait } from '../../snapshot/model.ts'
import type { ValueSource, Word } from '../../snapshot/question.ts'
import { callPosition } from '../../sources/syntax.ts'
import { unannouncedWrite } from './announcement.ts'
import { Asker } from './asker.ts'
import { wouldLeave } from './awaited-value.ts'
import { byThread } from './by-thread.ts'
import { Completeness, type Seen } from './completeness.ts'
import { withDistinctLabels } from './distinct-labels.ts'
import { Effects } from './effects.ts'
import { known, wordKey } from './environment.ts'
import { frameAt } from './frame-at.ts'
import { byWord, type Holding, holdingsOf } from './holder.ts'
import { type JudgedHold, judge } from './judged-hold.ts'
import { mayStartWorkers } from './later-workers.ts'
import { mainMayNotify } from './main-notifies.ts'
import { Names } from './names.ts'
import { goneOwner, ownersOf } from './owner.ts'
import type { PlacedFrame, Prepared } from './prepared.ts'
import { HoldTeller, ownerHold, shorten } from './told-hold.ts'
import { capacityOf, freeOf, withMode } from './units.ts'
import { orFrom, sleepOf, waitOf } from './wait.ts'
import { readWaiter, type Waiter } from './waiter.ts'

/** What the rules found, in the model's words. */
export interface LockFacts {
  readonly resources: readonly Resource[]
  readonly holds: readonly Hold[]
  readonly productions: readonly Production[]
  readonly waits: readonly Wait[]
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
  before?: LockFacts,
): Promise<LockFacts> {
  const asker = new Asker(values)
  const names = new Names(asker, prepared.texts, prepared.catalogue)
  const effects = new Effects(asker, prepared.catalogue)
  const stacks = [...prepared.stacks]
  const [waiters, holdings] = await Promise.all([
    Promise.all(stacks.map(([party, stack]) => readWaiter(party, stack, asker, effects, names))),
    Promise.all(stacks.map(([party, stack]) => holdingsOn(party, stack, effects, asker))),
  ])
  const waiting = waiters.filter(waiter => waiter !== undefined)
  const parties = [...prepared.stacks.keys(), ...(others ?? []).map(other => other.party)]
  const seen = { prepared, parties, waiters: waiting, ...byWord(holdings.flat()), others }
  return new Combination(seen, new HoldTeller(prepared, names, asker), before).facts()
}

async function holdingsOn(
  party: string,
  stack: readonly PlacedFrame[],
  effects: Effects,
  asker: Asker,
): Promise<readonly Holding[]> {
  const owners = stack.map(frame => frame.owner)
  const frames = await Promise.all(
    stack.map((_, at) => effects.ofFrame(frameAt(stack, at, asker), new Set(owners.slice(0, at)))),
  )
  return holdingsOf(party, frames)
}

class Combination {
  readonly #seen: Seen
  readonly #complete: Completeness
  readonly #teller: HoldTeller
  readonly #before: LockFacts | undefined
  readonly #process: string

  constructor(seen: Seen, teller: HoldTeller, before: LockFacts | undefined) {
    this.#seen = seen
    this.#complete = new Completeness(seen)
    this.#teller = teller
    this.#before = before
    this.#process = ([...seen.prepared.stacks.keys()][0] ?? '').split('/')[0]!
  }

  async facts(): Promise<LockFacts> {
    const groups = new Map<string, Waiter[]>()
    const sleepers = this.#seen.waiters.filter(waiter => waiter.sleeps && waiter.timeout !== null)
    for (const waiter of this.#seen.waiters) {
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
      resources: withDistinctLabels(parts),
      holds: parts.flatMap(part => part.holds),
      productions: parts.flatMap(part => part.productions),
      waits: [...parts.flatMap(part => part.waits), ...sleepers.map(sleepOf)],
    }
  }

  async #resource(id: string, key: string, waiters: readonly Waiter[]) {
    const word = known(waiters[0]!.word)
    const all = judge(this.#seen.read.get(key) ?? [], waiters, this.#seen.prepared.catalogue)
    const judged = all.filter(one => !one.handedOn)
    const handedOn = all.find(one => one.handedOn)
    const taking = waiters.find(waiter => waiter.acquiring)?.acquiring
    // A counter that nobody holds is awaited, not locked: anybody may raise it.
    const isLock =
      taking !== undefined && (taking.plain || taking.lock === 'ticket lock' || judged.length > 0)
    const semaphore = taking?.lock === 'semaphore'
    const uncounted = semaphore ? this.#complete.uncounted() : undefined
    const believed = judged.map(one => (uncounted ? { ...one, doubt: one.doubt ?? uncounted } : one))
    const found = await Promise.all(believed.map(one => this.#teller.tell(id, one)))
    const owners = isLock && found.length === 0 ? ownersOf(waiters, this.#seen.parties, word) : undefined
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
    const gone = isLock && holds.length === 0 ? goneOwner(waiters, this.#seen.parties, word) : undefined
    const complete: Resource['complete'] = !word
      ? { unknown: 'the word that it waits for could not be read' }
      : isLock
        ? this.#complete.givenBackElsewhere(judged)
          ? { unknown: 'it is also released where it was not acquired' }
          : this.#complete.holders(judged, taking.lock, (owners ?? gone) !== undefined, handedOn)
        : this.#complete.producers()
    const outside = isLock ? this.#complete.givenBackByCallback(judged, waiters) : undefined
    const capacity = capacityOf(kind, word, holds, complete === true)
    const steady = word && this.#isSteady(word)
    const free = isLock ? freeOf(kind, word, taking.free, holds, capacity) : 0
    const unannounced = isLock || !word ? undefined : this.#unannounced(waiters, Number(word.value))
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
          ...(steady !== undefined && { steady }),
        },
      }),
      ...(unannounced && { unannounced }),
      ...(gone !== undefined && { goneOwner: gone }),
      capacity,
      free,
      complete,
    }
    return {
      resource,
      names: new Map([...labels].sort(([left], [right]) => byThread(left, right))),
      holds: holds.map(hold => (kind === 'read-write lock' ? withMode(hold) : hold)),
      productions: !isLock ? this.#productions(id, waiters) : semaphore ? this.#releases(id, judged) : [],
      waits: waiters.map(waiter => {
        const wait = waitOf(id, waiter, isLock, kind, steady === true && free === 0)
        return outside === undefined ? wait : orFrom(wait, outside)
      }),
    }
  }

  /** A write that may have been forgotten to be announced to those who sleep on although the word has changed. */
  #unannounced(waiters: readonly Waiter[], value: number): Resource['unannounced'] {
    const asleep = waiters.find(
      ({ expected, named }) =>
        named && expected !== undefined && expected !== value && wouldLeave({ ...named, expected, value }),
    )
    const write = asleep?.named && unannouncedWrite(this.#seen.prepared.catalogue, asleep.named, value)
    const script = write && this.#seen.prepared.scriptOf.get(write.syntax)
    if (!write || script === undefined) return undefined
    const { line, column } = write.syntax.lines.positionAt(callPosition(write.call))
    const { file, ...at } = this.#seen.prepared.texts.original(script, line, column)
    const text = shorten(write.syntax.textOf(write.call).replace(/\s+/g, ' '))
    return { place: { file, line: at.line, column: at.column }, text }
  }

  /** Whether an earlier look read the same value; undefined where none read the word. */
  #isSteady(word: Word): boolean | undefined {
    const before = this.#before?.resources.find(
      one => one.word?.buffer === word.buffer && one.word.byte === word.byte,
    )
    return before?.word && String(before.word.value) === String(word.value)
  }

  /** Whoever else runs in the process can store and notify; only the waiting thread itself cannot. */
  #productions(id: string, waiters: readonly Waiter[]): Production[] {
    const single = waiters.length === 1 ? waiters[0]!.party : undefined
    const main = this.#mainCannot(waiters)
    // One that it starts later may come and bring it.
    const starts = main !== undefined && mayStartWorkers(this.#seen.prepared.catalogue.functions)
    return this.#seen.parties.flatMap(party =>
      party === single || (party === main && !starts)
        ? []
        : [
            {
              party,
              resource: id,
              sure: main === undefined,
              how: 'inferred' as const,
              evidence: 'any thread that can reach the buffer could notify',
              ...(main !== undefined && {
                doubt: 'that the main thread cannot is told by the source alone',
              }),
            },
          ],
    )
  }

  #releases(id: string, judged: readonly JudgedHold[]): Production[] {
    const { parties, why } = this.#complete.mayRelease(judged)
    return parties.map(party => ({
      party,
      resource: id,
      sure: false,
      how: 'inferred',
      evidence: why,
      doubt: why,
    }))
  }

  /** The main thread, where it idles and the source leaves the word to workers (a barrier of workers alone). */
  #mainCannot(waiters: readonly Waiter[]): string | undefined {
    const main = this.#seen.others?.find(({ party, idle }) => idle && party.endsWith('/t0'))
    const stays = waiters.every(({ timeout }) => timeout === null)
    return main && stays && !mainMayNotify(this.#seen.prepared.catalogue) ? main.party : undefined
  }
}
