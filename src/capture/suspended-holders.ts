/**
 * Locks of `Atomics` that no stack holds: a function that is suspended may have taken one before its `await`. What its variables are is
 * read from the heap, and the rules for stacks tell what it has taken and not given back.
 */
import { onlySuspended } from '../locks/held-across-await.ts'
import type { LockFacts } from '../locks/recognise.ts'
import type { Target } from '../process/target.ts'
import { type Hold, isUnknown, type Request, type Resource, type Thread } from '../snapshot/model.ts'
import type { SuspendedStacks } from './async-tasks.ts'
import type { SuspendedTask } from './memory-activations.ts'
import { MemoryFrames } from './memory-frames.ts'
import { locksInMemory, type ThreadInMemory } from './memory-locks.ts'

/** More tasks are not asked what they hold. */
const MOST_TASKS = 400

/**
 * Adds who of the suspended functions holds what a thread waits for; `wanted`: by thread the lock. What only the source told is left
 * where the function that it names is really suspended.
 */
export async function withSuspendedOwners(
  target: Target,
  threads: readonly Thread[],
  facts: LockFacts,
  suspended: SuspendedStacks,
  wanted: ReadonlyMap<string, string>,
): Promise<LockFacts> {
  const frames = new MemoryFrames(target)
  const asked = await stacksOf(threads, frames, new Set(wanted.keys()))
  const tasks: SuspendedTask[] = []
  for (const [party, functions] of suspended.stacks)
    if (tasks.length < MOST_TASKS && functions.some(({ script }) => script?.text !== undefined))
      tasks.push({ party, functions, seen: await frames.texts.of(functions, 1) })
  const { memory } = suspended.heap
  const found = await locksInMemory(memory, asked, frames.texts, true, undefined, tasks)
  const stayed = new Map(
    asked.flatMap(({ thread, stack }) => (stack === undefined ? [] : [[thread.id, thread]])),
  )
  const covered = tasks.length < MOST_TASKS && suspended.complete
  let all = facts
  for (const [party, resource] of wanted) {
    const thread = stayed.get(party)
    // One that has moved on waits for something else.
    if (thread === undefined || isUnknown(thread.tid) || frames.restingStack(thread.tid) === undefined)
      continue
    all = withOwner(all, resource, party, ownersIn(found, party, suspended, covered), tasks)
  }
  return all
}

/** The threads with the stacks that their memory shows, of those that are asked about. */
async function stacksOf(
  threads: readonly Thread[],
  frames: MemoryFrames,
  asked: ReadonlySet<string>,
): Promise<readonly ThreadInMemory[]> {
  const tids = threads.flatMap(({ id, tid }) => (asked.has(id) && !isUnknown(tid) ? [tid] : []))
  const read = await frames.ofAll(tids)
  return threads
    .filter(({ role }) => role === 'main' || role === 'worker')
    .map(thread => {
      const { tid, looks } = thread
      const seen = isUnknown(tid) ? undefined : read.get(tid)
      const stack = isUnknown(tid) || seen === undefined ? undefined : frames.restingStack(tid)
      const [look] = looks.slice(-1)
      if (look === undefined || seen === undefined || isUnknown(seen) || stack === undefined)
        return { thread, stack: undefined }
      return { thread: { ...thread, looks: [{ ...look, frames: [...seen] }] }, stack }
    })
}

/** Who of the tasks holds what a thread waits for. */
interface Owners {
  readonly holds: readonly Hold[]
  readonly complete: Resource['complete']
  /** What it waits for with that: a callback may give it back too. */
  readonly request: Request
  /** What all suspended functions have taken was read: it is none of theirs if it is not among the holds. */
  readonly allRead: boolean
}

function ownersIn(
  { waits, holds, resources }: LockFacts,
  party: string,
  { stacks }: SuspendedStacks,
  covered: boolean,
): Owners | undefined {
  const request = waits.find(wait => wait.party === party)?.request
  const units = request?.kind === 'anyOf' ? request.requests.find(({ kind }) => kind === 'units') : request
  const resource = resources.find(({ id }) => units?.kind === 'units' && units.resource === id)
  if (request === undefined || resource === undefined) return undefined
  const { id, complete } = resource
  return {
    holds: holds.filter(hold => hold.resource === id && stacks.has(hold.party)),
    complete,
    request,
    allRead: covered && isUnknown(complete) && complete.unknown === onlySuspended,
  }
}

function withOwner(
  facts: LockFacts,
  resource: string,
  party: string,
  owners: Owners | undefined,
  tasks: readonly SuspendedTask[],
): LockFacts {
  const isToldBySource = (hold: Hold) => hold.resource === resource && !hold.sure && hold.frame === undefined
  const told = facts.holds.filter(isToldBySource)
  const others = facts.holds.filter(hold => !isToldBySource(hold))
  if (owners === undefined || owners.holds.length === 0) {
    // What is named by the source alone, and is not suspended anywhere, holds nothing.
    const left = owners?.allRead === true ? [] : told.filter(hold => isSuspended(hold, tasks))
    if (left.length === told.length) return facts
    const open = { unknown: 'no suspended function was found that holds it' }
    return { ...facts, holds: [...others, ...left], resources: withComplete(facts, resource, open) }
  }
  const { holds, complete, request } = owners
  return {
    ...facts,
    holds: [...others, ...holds.map(hold => ({ ...hold, resource }))],
    resources: withComplete(facts, resource, complete),
    waits: facts.waits.map(wait =>
      wait.party === party ? { ...wait, request: about(request, resource) } : wait,
    ),
  }
}

/** A request for units of one resource, with what else may bring them. */
function about(request: Request, resource: string): Request {
  if (request.kind === 'units') return { ...request, resource }
  if (request.kind !== 'anyOf') return request
  return { ...request, requests: request.requests.map(one => about(one, resource)) }
}

function withComplete(
  { resources }: LockFacts,
  resource: string,
  complete: Resource['complete'],
): readonly Resource[] {
  return resources.map(one => (one.id === resource ? { ...one, complete } : one))
}

function isSuspended({ at }: Hold, tasks: readonly SuspendedTask[]): boolean {
  if (isUnknown(at)) return true
  return tasks.some(({ seen }) =>
    seen.some(one => one.function === at.function && !isUnknown(one.file) && one.file === at.file),
  )
}
