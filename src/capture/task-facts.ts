/** Facts about tasks, which are known only when it is known what their threads' event loops can still be woken by. */
import { joinFacts } from '../locks/join-facts.ts'
import type { LockFacts } from '../locks/recognise.ts'
import { type WebLockThread, webLockFacts } from '../locks/web-locks.ts'
import { eventLoopOf } from '../process/event-loop.ts'
import { mainLoopOf } from '../process/main-loop.ts'
import type { Target } from '../process/target.ts'
import { type EventLoop, isUnknown, type Thread, type ThreadLook } from '../snapshot/model.ts'
import type { Inside } from './inside.ts'
import { partyOf } from './party.ts'

/** The facts of the stacks, and those of the Web Locks that somebody waits for. */
export function withWebLocks(target: Target, inside: Inside, threads: readonly Thread[]): LockFacts {
  const { facts, webLocks } = inside
  const seen = inside.threads.map((thread): WebLockThread => {
    const party = partyOf(target.pid, thread)
    const view = webLocks.get(thread) ?? { answered: false, uses: true, held: [], pending: [] }
    return { party, parked: isParked(threads.find(({ id }) => id === party)), ...view }
  })
  const closed = threads.every(
    (thread, at) =>
      isParked(thread) ||
      (webLocks.get(inside.threads[at]!)?.timed !== true &&
        isClosed(target, thread, inside.activeResources.get(inside.threads[at]!))),
  )
  const strangers = [...(inside.looks.at(-1)?.kernel.values() ?? [])].some(
    // Threads of an addon can do anything; those of the pool that run bring something.
    ({ role, view }) => role === 'other' || (role === 'libuv-pool' && view.state === 'R'),
  )
  return joinFacts(facts, webLockFacts(`p${target.pid}`, seen, closed && !strangers))
}

/** For good: a time limit would end it. */
function isParked(thread: Thread | undefined): boolean {
  const activity = thread?.looks.at(-1)?.activity
  return activity?.kind === 'parked' && activity.timeoutMs === null
}

/** An event loop to which nothing can come but from another thread of the process. */
function isClosed(target: Target, { looks, loop, threadId }: Thread, names: unknown): boolean {
  const look = looks.at(-1)
  if (look === undefined || look.frames.length > 0) return false
  if (loop !== undefined && look.activity.kind === 'event-loop' && !isPoll(look.kernel)) return isInside(loop)
  // It answers and yet does not rest. Node 24 turns the loops of threads that wait for Web Locks without end
  // (nodejs/node#62644), and what the kernel shows of them is of one moment only: Node's word is left.
  if (!Array.isArray(names)) return false
  const others = names.filter(name => !inProcess.has(String(name)))
  // Standard streams are named, read or not; of main it is known which descriptors it watches.
  return (
    others.length === 0 ||
    (threadId === 0 && others.every(name => streams.has(name)) && watchesNothing(target))
  )
}

function isInside({ complete, sources }: EventLoop): boolean {
  return complete && !sources.some(({ outside }) => outside)
}

function watchesNothing({ pid, runtime }: Target): boolean {
  const epoll = mainLoopOf(pid, runtime.arch)
  const loop = epoll === undefined ? undefined : eventLoopOf(pid, pid, { fd: epoll, timeoutMs: null })
  return loop !== undefined && !isUnknown(loop) && isInside(loop)
}

/** A look at the loop's descriptors that does not wait: its time limit is 0. */
function isPoll(kernel: ThreadLook['kernel']): boolean {
  const call = isUnknown(kernel) ? null : kernel.systemCall
  if (call === null || isUnknown(call)) return false
  return call.name.startsWith('epoll_') && BigInt(call.arguments[3] ?? 1) === 0n
}

/** What it turns its loop with are immediate callbacks. */
const inProcess = new Set(['MessagePort', 'Worker', 'Immediate'])
const streams = new Set(['PipeWrap', 'TTYWrap'])
