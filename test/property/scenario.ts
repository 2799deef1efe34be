/** What a generated program does, before it is text: who holds which locks, and who then asks for which. */
import { Random } from './random.ts'

/** How the lock's word is used. */
export type Discipline = 'mutex' | 'futex' | 'owner' | 'reentrant' | 'ticket' | 'semaphore'
/** How its functions are called. */
export type Manner = 'functions' | 'private field' | 'public field' | 'array and index' | 'closures'
/** Where the program keeps it. */
export type Keeping = 'constant' | 'array' | 'map' | 'made by each thread'

export interface Lock {
  readonly number: number
  readonly name: string
  readonly discipline: Discipline
  readonly manner: Manner
  readonly keeping: Keeping
  readonly units: number
}

/** How one hold is written. */
export type Style =
  | 'plain'
  | 'try finally'
  | 'callback'
  | 'helper functions'
  | 'guard object'
  | 'release function'

export interface Taking {
  readonly lock: Lock
  readonly style: Style
  /** What follows inside stands in a function of its own. */
  readonly apart: boolean
}

export type Ending =
  | { readonly kind: 'asks'; readonly taking: Taking }
  | { readonly kind: 'sleeps' | 'computes' | 'idles' | 'ends' }

/** Something that is over when the threads stand: locks taken and given back. */
export interface Errand {
  readonly shape: 'once' | 'loop' | 'branch' | 'hand over hand'
  readonly takings: readonly Taking[]
  /** Hand over hand in one loop over a list, where that can be. */
  readonly inLoop: boolean
}

export interface ThreadPlan {
  readonly id: number
  readonly name: string
  /** Where its code stands: it decides how its locks are named there. */
  readonly host: 'function' | 'parameters' | 'options' | 'method'
  readonly errands: readonly Errand[]
  /** Takes its locks before the others (`early`) or after them. */
  readonly early: boolean
  /** Taken and given back among the first locks, by an early thread. */
  readonly walked: readonly Taking[]
  readonly holds: readonly Taking[]
  /** Re-entrant locks among these, entered once more. */
  readonly again: readonly Taking[]
  /** How the first locks are taken, where they are of one class: one by one, by a loop, or by a function that calls itself. */
  readonly together: 'no' | 'loop' | 'recursion'
  /** Tried, and not had, before it asks. */
  readonly tries: readonly Lock[]
  readonly ending: Ending
}

export interface Scenario {
  readonly seed: number
  readonly hangs: boolean
  readonly locks: readonly Lock[]
  /** By thread id; 0 is the main thread. */
  readonly threads: readonly ThreadPlan[]
  /** The last meeting is a loop that spins, written in place: V8 then optimises the frame that waits in it. */
  readonly spins: boolean
  /** How often an errand in a loop is run: many times make its functions hot. */
  readonly rounds: number
  /** Nothing is ever given back: a program of the sort that shows a deadlock in ten lines. */
  readonly careless: boolean
}

const plainOnes: readonly Discipline[] = ['mutex', 'futex', 'owner']
const allDisciplines: readonly Discipline[] = [...plainOnes, 'mutex', 'reentrant', 'ticket', 'semaphore']
const lockNames = ['inbox', 'outbox', 'ledger', 'cache', 'printer', 'archive']
const threadNames = ['main', 'teller', 'clerk', 'auditor', 'courier', 'porter', 'guard']

/** A program for a seed: hanging for about every other one. */
export function scenarioFor(seed: number): Scenario {
  const random = new Random(seed)
  const wanted = random.chance(0.5)
  for (;;) {
    const scenario = draw(seed, wanted, random)
    if (scenario) return scenario
  }
}

function draw(seed: number, wanted: boolean, random: Random): Scenario | undefined {
  const count = random.between(2, 6)
  const mainTakesPart = random.chance(0.5)
  const ids = Array.from({ length: count }, (_, at) => (mainTakesPart ? at : at + 1))
  const careless = random.chance(0.08)
  const disciplines = careless ? plainOnes : allDisciplines
  const locks = lockNames
    .slice(0, random.between(1, 6))
    .map((name, number) => drawLock(name, number, random.pick(disciplines), random))

  const holdsOf = new Map<number, Lock[]>(ids.map(id => [id, []]))
  const free = new Map(locks.map(lock => [lock, lock.units]))
  const give = (id: number, lock: Lock) => {
    holdsOf.get(id)!.push(lock)
    free.set(lock, free.get(lock)! - 1)
  }
  const asks = new Map<number, Lock>()
  if (wanted) plantCycle(ids, locks, give, asks, random)
  for (const [lock, units] of free)
    for (let unit = 0; unit < units; unit += 1)
      if (random.chance(0.6)) {
        const id = random.pick(ids)
        if (lock.discipline === 'semaphore' || !holdsOf.get(id)!.includes(lock)) give(id, lock)
      }
  const taken = locks.filter(lock => free.get(lock) === 0)
  for (const id of ids)
    if (!asks.has(id) && taken.length > 0 && random.chance(0.55)) {
      const lock = random.pick(taken)
      // A re-entrant lock lets its owner in again: that is no wait, but part of what the thread does first.
      if (lock.discipline !== 'reentrant' || !holdsOf.get(id)!.includes(lock)) asks.set(id, lock)
    }
  let computing = false
  const early = new Set(ids.filter(() => random.chance(0.5)))
  const threads = ids.map((id): ThreadPlan => {
    const holds = random.shuffled(holdsOf.get(id)!)
    const asked = asks.get(id)
    const computes = !asked && !computing && random.chance(0.12)
    computing ||= computes
    const ending: Ending = asked
      ? { kind: 'asks', taking: drawTaking(asked, random) }
      : computes
        ? { kind: 'computes' }
        : holds.length > 0
          ? { kind: 'sleeps' }
          : { kind: random.pick(['sleeps', 'idles', 'ends'] as const) }
    // Only what nobody else takes in that phase may be walked over then.
    const walkable = locks.filter(
      lock =>
        lock.units === 1 && ids.every(other => !holdsOf.get(other)!.includes(lock) || !early.has(other)),
    )
    const walked =
      early.has(id) && walkable.length > 0 && random.chance(0.35)
        ? [drawTaking(random.pick(walkable), random)]
        : []
    // Given back inside of a callback, a semaphore's unit is not paired, and its units cannot be counted (rule S2).
    const countable = walked.filter(({ lock }) => lock.discipline !== 'semaphore')
    return {
      id,
      name: threadNames[id]!,
      host: random.pick(['function', 'parameters', 'options', 'method'] as const),
      errands: Array.from({ length: random.between(0, 2) }, () => drawErrand(locks, random)),
      early: early.has(id),
      walked: countable,
      holds: holds.map(lock => drawTaking(lock, random)),
      again: holds
        .filter(lock => lock.discipline === 'reentrant' && random.chance(0.4))
        .map(lock => drawTaking(lock, random)),
      together: random.pick(['no', 'no', 'loop', 'recursion'] as const),
      tries: taken.filter(lock => lock.discipline !== 'ticket' && random.chance(0.1)),
      ending,
    }
  })
  if (!mainTakesPart)
    threads.unshift({
      id: 0,
      name: 'main',
      host: 'function',
      errands: [],
      early: false,
      walked: [],
      holds: [],
      again: [],
      together: 'no',
      tries: [],
      ending: { kind: 'idles' },
    })
  if (careless)
    for (const [at, thread] of threads.entries())
      threads[at] = { ...thread, errands: [], walked: [], tries: [] }
  const spins = random.chance(0.12)
  const rounds = random.pick([2, 3, 3000])
  const scenario = { seed, hangs: wanted, locks, threads, spins, rounds, careless }
  return liveIn(scenario).size < threads.length === wanted ? scenario : undefined
}

/** A circle of threads, each holding what the one before asks for; of one thread where it re-enters. */
function plantCycle(
  ids: readonly number[],
  locks: readonly Lock[],
  give: (id: number, lock: Lock) => void,
  asks: Map<number, Lock>,
  random: Random,
): void {
  const length = random.between(1, Math.min(ids.length, locks.length))
  const parties = random.shuffled(ids).slice(0, length)
  // A re-entrant lock alone makes no circle: its owner is let in.
  if (length === 1) locks = locks.filter(({ discipline }) => discipline !== 'reentrant')
  if (locks.length === 0) return
  const chosen = random.shuffled(locks).slice(0, length)
  parties.forEach((id, at) => {
    const lock = chosen[at]!
    for (let unit = 0; unit < lock.units; unit += 1) give(unit === 0 ? id : random.pick(parties), lock)
    asks.set(id, chosen[(at + 1) % length]!)
  })
}

function drawLock(name: string, number: number, discipline: Discipline, random: Random): Lock {
  const manners: readonly Manner[] = ['private field', 'public field', 'array and index']
  // The depth of a re-entrant lock needs an object to be kept in.
  const manner = random.pick<Manner>(
    discipline === 'reentrant' ? manners : [...manners, 'functions', 'functions', 'closures'],
  )
  return {
    number,
    name,
    discipline,
    manner,
    keeping: random.pick<Keeping>(
      discipline === 'reentrant'
        ? ['constant', 'array', 'map']
        : ['constant', 'constant', 'array', 'map', 'made by each thread'],
    ),
    units: discipline === 'semaphore' ? random.between(1, 3) : 1,
  }
}

function drawTaking(lock: Lock, random: Random): Taking {
  const style = random.pick<Style>([
    'plain',
    'plain',
    'try finally',
    'callback',
    'callback',
    'helper functions',
    'guard object',
    'release function',
  ])
  return { lock, style, apart: random.chance(0.25) }
}

function drawErrand(locks: readonly Lock[], random: Random): Errand {
  const shape = random.pick(['once', 'loop', 'branch', 'hand over hand'] as const)
  const inLoop = random.chance(0.5)
  if (shape !== 'hand over hand') return { shape, inLoop, takings: [drawTaking(random.pick(locks), random)] }
  // In the order of their numbers, so that two walkers never meet.
  const walk = random
    .shuffled(locks)
    .slice(0, random.between(1, 3))
    .sort((left, right) => left.number - right.number)
  return { shape, inLoop, takings: walk.map(lock => drawTaking(lock, random)) }
}

/** It takes its lock hand over hand, in a loop over a list, and keeps it in the loop's variable. */
export function isChained({ walked, holds, together }: ThreadPlan): boolean {
  return walked.length > 0 && holds.length === 1 && together !== 'no'
}

/** The threads that can still go on, by brute force. */
export function liveIn({ threads }: Scenario): ReadonlySet<number> {
  const live = new Set<number>()
  for (let grown = true; grown; ) {
    grown = false
    for (const { id, ending } of threads) {
      if (live.has(id)) continue
      if (ending.kind === 'asks') {
        const { lock } = ending.taking
        const stuck = threads
          .filter(other => !live.has(other.id))
          .flatMap(other => other.holds.filter(hold => hold.lock === lock))
        if (stuck.length >= lock.units) continue
      }
      live.add(id)
      grown = true
    }
  }
  return live
}
