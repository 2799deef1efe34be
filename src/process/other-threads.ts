/**
 * What threads that run no JavaScript can still bring to an idle event loop: work of libuv's pool and of V8's platform
 * (a compilation of WebAssembly), and whatever a thread of an addon does.
 *
 * Who has nothing to do sleeps in futex(2): libuv's pool on one condition variable (src/threadpool.c), V8's platform on
 * that of its queue (src/node_platform.cc); its scheduler of delayed tasks waits in a loop of its own.
 */
import { isUnknown, type LoopSource } from '../snapshot/model.ts'
import type { KernelThread } from './threads.ts'

/** Glibc's condition variable has two words to sleep on, 4 bytes apart, and 48 bytes in all (pthread_cond_t). */
const CONDITION_BYTES = 48n

/** What may still come from threads other than `scripted`, the kernel's ids of those that run JavaScript. */
export function workOfOthers(
  threads: readonly KernelThread[],
  scripted: ReadonlySet<number>,
): readonly LoopSource[] {
  const others = threads.filter(({ tid }) => !scripted.has(tid))
  const pool = others.filter(({ role }) => role === 'libuv-pool')
  const busy = pool.filter(thread => sleepsOn(thread) === undefined)
  const places = pool.flatMap(thread => sleepsOn(thread) ?? [])
  return [
    ...some('pool work', busy.length, 'thread of the pool at work', 'threads of the pool at work'),
    ...(busy.length === 0 && !oneCondition(places)
      ? [source('pool work', 'the threads of the pool, which do not all wait for work')]
      : []),
    ...others
      .filter(thread => thread.role === 'v8' && sleepsOn(thread) === undefined && !inLoop(thread))
      .slice(0, 1)
      .map(() => source('V8 work', 'work of V8 on another thread')),
    // There is one thread of the inspector in a loop of its own; a second may be anybody's.
    ...others
      .filter(thread => thread.role === 'inspector' && inLoop(thread))
      .slice(1)
      .map(unknown),
    ...others
      .filter(({ role, comm }) => (role === 'worker' || role === 'other') && !comm.startsWith('iou-'))
      .map(unknown),
  ]
}

const unknown = ({ comm, tid }: KernelThread): LoopSource =>
  source('native thread', `the thread "${comm}" (tid ${tid}), of which nothing is known`)

const source = (kind: string, text: string): LoopSource => ({ kind, text, outside: true })

function some(kind: string, count: number, one: string, many: string): LoopSource[] {
  return count === 0 ? [] : [source(kind, `${count} ${count === 1 ? one : many}`)]
}

/** The address that a thread sleeps at in futex(2), without a time limit. */
function sleepsOn({ view, call }: KernelThread): bigint | undefined {
  if (view.state !== 'S' || view.systemCall === null || isUnknown(view.systemCall)) return undefined
  if (call === null || isUnknown(call) || view.systemCall.name !== 'futex') return undefined
  return call.arguments[3] === 0n ? call.arguments[0] : undefined
}

function inLoop({ view }: KernelThread): boolean {
  return view.state === 'S' && view.systemCall !== null && !isUnknown(view.systemCall)
    ? view.systemCall.name.startsWith('epoll_')
    : false
}

function oneCondition(places: readonly bigint[]): boolean {
  const sorted = [...places].sort((a, b) => (a < b ? -1 : 1))
  return sorted.length === 0 || sorted.at(-1)! - sorted[0]! < CONDITION_BYTES
}
