/** Puts what the looks saw into the model's words. */

import type { InspectedThread } from '../inspector/inspected-thread.ts'
import { eventLoopOf } from '../process/event-loop.ts'
import { isPrivateLoop } from '../process/main-loop.ts'
import { name } from '../process/network-tables.ts'
import { connections } from '../process/sockets.ts'
import { epollWait } from '../process/system-calls.ts'
import type { Target } from '../process/target.ts'
import type { KernelThread } from '../process/threads.ts'
import {
  type Activity,
  type EventLoop,
  type Gap,
  isUnknown,
  type Process,
  type Request,
  type Thread,
  type ThreadLook,
} from '../snapshot/model.ts'
import { redactedArguments } from '../snapshot/secrets.ts'
import { withActiveResources } from './active-resources.ts'
import { readFrame } from './frames.ts'
import type { Inside } from './inside.ts'
import type { Look } from './look.ts'
import { waitsForDebugger } from './node-flags.ts'
import { partyOf, stackIn } from './party.ts'

/** The JavaScript threads, with their looks. */
export function scriptThreads(target: Target, inside: Inside): readonly Thread[] {
  const { pid } = target
  return inside.threads.map(thread => {
    const isMain = thread.threadId === 0
    const tid = isMain
      ? pid
      : (inside.kernelIds.get(thread.threadId) ?? { unknown: 'it was started during the look' })
    const looks = inside.looks.map(look => lookAt(target, thread, tid, look, inside))
    const last = typeof tid === 'number' ? inside.looks.at(-1)?.kernel.get(tid) : undefined
    const undisturbed = typeof tid === 'number' ? inside.intervals.get(tid) : undefined
    const idle = looks.at(-1)?.activity.kind === 'event-loop'
    const currentTest = inside.currentTests.get(thread)
    return {
      id: partyOf(pid, thread),
      tid,
      threadId: thread.threadId,
      name: isMain ? 'main' : thread.name,
      role: isMain ? 'main' : 'worker',
      seenBy: ['inspector', ...(last === undefined ? [] : ['proc' as const])],
      looks,
      ...(undisturbed === undefined ? {} : { undisturbed }),
      ...(currentTest === undefined ? {} : { currentTest }),
      ...(idle && last !== undefined
        ? withLoop(
            inside.loops.get(thread) ?? loopOf(target, last),
            inside.activeResources.get(thread),
            isMain ? inside.threads.slice(1) : [],
          )
        : {}),
    }
  })
}

/** The other threads, of which only the kernel knows. */
export function kernelThreads(
  target: Target,
  looks: readonly Look[],
  known: ReadonlySet<number>,
  inspected: boolean,
): readonly Thread[] {
  const last = looks.at(-1)
  if (last === undefined) return []
  return [...last.kernel.values()]
    .filter(({ tid }) => !known.has(tid))
    .map(({ tid, comm, role }) => ({
      id: `p${target.pid}/n${tid}`,
      tid,
      threadId: null,
      name: comm,
      // All workers are known by their own names already; this is one whose kernel thread could not be told.
      role: inspected && role === 'worker' ? 'other' : role,
      seenBy: ['proc'],
      looks: looks.map(look => outsideLook(target, look.at, look.kernel.get(tid))),
    }))
}

/** What the kernel alone says about a thread at one moment. */
export function outsideLook(target: Target, at: number, thread: KernelThread | undefined): ThreadLook {
  if (thread === undefined) {
    const gone = { unknown: 'the thread was not there' }
    return { at, activity: { kind: 'unknown', why: gone.unknown }, frames: [], kernel: gone }
  }
  const activity: Activity = isInMainLoop(target, thread) ? { kind: 'event-loop' } : kernelActivity(thread)
  return { at, activity, frames: [], kernel: thread.view }
}

/** Stops that no inspector can see through, and system calls. */
export function kernelActivity({ view }: KernelThread): Activity {
  if (view.state === 'T') return { kind: 'stopped', by: 'a signal (SIGSTOP)' }
  if (view.state === 't') return { kind: 'stopped', by: 'a tracer (a native debugger)' }
  if (view.state === 'R') return { kind: 'running' }
  if (view.systemCall === null) return { kind: 'running' }
  if (isUnknown(view.systemCall)) return { kind: 'unknown', why: view.systemCall.unknown }
  return { kind: 'system-call', call: view.systemCall }
}

/** What keeps the loop alive that a thread waits in; undefined when it does not wait in one just now. */
export function loopOf(target: Target, thread: KernelThread): EventLoop | undefined {
  const wait =
    thread.call === null || isUnknown(thread.call) ? undefined : epollWait(thread.call, target.runtime.arch)
  const isPrivate = wait !== undefined && thread.role === 'main' && !isInMainLoop(target, thread)
  const loop = wait === undefined || isPrivate ? undefined : eventLoopOf(target.pid, thread.tid, wait)
  return loop === undefined || isUnknown(loop) ? undefined : loop
}

/** Not in the private loop of `spawnSync`, which looks the same to the kernel. */
function isInMainLoop({ pid, runtime }: Target, { role, call, view }: KernelThread): boolean {
  // A stopped thread still shows the call that it was stopped in.
  if (view.state !== 'S') return false
  const wait = role !== 'main' || call === null || isUnknown(call) ? undefined : epollWait(call, runtime.arch)
  return wait !== undefined && isPrivateLoop(pid, wait.fd, runtime.arch) === false
}

/** The process itself, without its threads. */
export function processHead(target: Target): Omit<Process, 'threads' | 'gaps' | 'inspector' | 'pausedMs'> {
  return {
    id: `p${target.pid}`,
    pid: target.pid,
    startTicks: target.startTicks,
    startedAt: target.startedAt,
    argv: redactedArguments(target.argv),
    execArgv: redactedArguments(target.execArgv),
    executable: target.executable,
    cwd: target.cwd,
    uid: target.uid,
    runtime: target.runtime,
    connections: establishedConnections(target.pid),
  }
}

/** None where they may not be looked at. */
function establishedConnections(pid: number): Process['connections'] {
  const all = connections(pid)
  if (isUnknown(all)) return []
  return all.flatMap(({ state, local, peer }) =>
    state === 'established' ? [{ local: name(local), peer: name(peer) }] : [],
  )
}

/** A gap for each thread that did not answer. */
export function silentThreads(threads: readonly Thread[]): readonly Gap[] {
  return threads.flatMap(thread => {
    const last = thread.looks.at(-1)
    if (last === undefined || thread.threadId === null || last.frames.length > 0 || !isSilent(last.activity))
      return []
    const name =
      thread.role === 'main'
        ? 'the main thread'
        : `worker ${thread.threadId}${thread.name === '' ? '' : ` "${thread.name}"`}`
    const runs = runsOn(last)
    return {
      what: `the JavaScript stack of ${name}`,
      reason: `It did not answer the inspector: it ${runs ? 'computes in native code' : 'is in native code or in a system call'}.`,
      remedy: runs
        ? allowStop
        : 'Look again when the call has returned; what the kernel knows about it is shown.',
      thread: thread.id,
    }
  })
}

/** What shows the stack of a thread that runs and answers nobody. */
export const allowStop =
  'Look again with --allow-stop, which may stop the process for some milliseconds to read its stack.'

/** It computed when it was looked at, as far as the kernel tells. */
export function runsOn({ activity, kernel }: ThreadLook): boolean {
  if (activity.kind === 'running') return true
  const isKnown = activity.kind === 'unknown' && !isUnknown(kernel)
  return isKnown && (kernel.state === 'R' || kernel.systemCall === null)
}

function isSilent(activity: Activity): boolean {
  return activity.kind === 'system-call' || activity.kind === 'unknown'
}

function lookAt(
  target: Target,
  thread: InspectedThread,
  tid: Thread['tid'],
  look: Look,
  inside: Inside,
): ThreadLook {
  const kernel = typeof tid === 'number' ? look.kernel.get(tid) : undefined
  const view = kernel?.view ?? { unknown: isUnknown(tid) ? tid.unknown : 'the thread was not there' }
  const stack = look.stacks.get(thread) ?? { unknown: 'it was started during the look' }
  if (isUnknown(stack)) {
    const activity: Activity = kernel === undefined ? { kind: 'running' } : kernelActivity(kernel)
    // One that runs and does not answer is in code that V8 cannot interrupt: it is not seen to get on.
    const unseen = activity.kind === 'running'
    return {
      at: look.at,
      activity: unseen ? { kind: 'unknown', why: stack.unknown } : activity,
      frames: [],
      kernel: view,
    }
  }
  const vias = look === inside.looks.at(-1) ? inside.vias.get(partyOf(target.pid, thread)) : undefined
  const frames = stack.frames.map((frame, index) => {
    const via = vias?.get(index)
    return { ...readFrame(inside.reader, thread, frame), ...(via === undefined ? {} : { via }) }
  })
  const turns = stack.loopTurns === undefined ? {} : { loopTurns: stack.loopTurns }
  return {
    at: look.at,
    activity: activityOf(target, inside, thread, look, kernel),
    frames,
    kernel: view,
    ...turns,
  }
}

function activityOf(
  target: Target,
  inside: Inside,
  thread: InspectedThread,
  look: Look,
  kernel: KernelThread | undefined,
): Activity {
  const stack = stackIn(look, thread)
  if (stack?.foreign) return { kind: 'stopped', by: 'another debugger' }
  if (stack?.frames.length === 0) {
    const activity = withoutFrames(kernel, inside.looks)
    const waits = activity.kind === 'system-call' && thread.threadId === 0 && waitsForDebugger(target)
    return waits ? { kind: 'stopped', by: 'its own --inspect-brk: it waits for a debugger' } : activity
  }
  const wait = inside.facts.waits.find(({ party }) => party.endsWith(`/t${thread.threadId}`))
  const activity: Activity =
    kernel === undefined
      ? { kind: 'unknown', why: 'which kernel thread it is, is not known' }
      : kernelActivity(kernel)
  // A thread that answers from inside of a futex wait is in Atomics.wait: V8 interrupts no other.
  const inFutex = activity.kind === 'system-call' && activity.call.name === 'futex'
  const futexMs = inFutex ? futexLimit(activity.call.arguments[3]) : null
  if (wait?.spins === true && look === inside.looks.at(-1)) return { kind: 'running' }
  if (wait !== undefined && look === inside.looks.at(-1)) {
    return { kind: 'parked', in: wait.call, timeoutMs: deadlineIn(wait.request) ?? futexMs }
  }
  if (!inFutex) return activity
  const top = stack?.frames.find(({ url }) => !url.startsWith('node:'))
  const inWasm = top !== undefined && readFrame(inside.reader, thread, top).kind === 'wasm'
  return { kind: 'parked', in: inWasm ? 'memory.atomic.wait' : 'Atomics.wait', timeoutMs: futexMs }
}

/** The time limit that the call itself gives, milliseconds. */
function deadlineIn(request: Request): number | null {
  if (request.kind === 'deadline') return request.inMs
  if (request.kind !== 'anyOf' && request.kind !== 'allOf') return null
  return request.requests.map(deadlineIn).find(limit => limit !== null) ?? null
}

/**
 * No JavaScript on the stack: in the loop's wait, or at work between two calls of it (the loop itself, microtasks). An
 * idle thread is on the processor while it answers us, so any look that found it in its wait counts.
 */
function withoutFrames(kernel: KernelThread | undefined, looks: readonly Look[]): Activity {
  if (kernel === undefined) return { kind: 'event-loop' }
  const idles = looks.some(look => {
    const seen = look.kernel.get(kernel.tid)
    const activity = seen === undefined ? undefined : kernelActivity(seen)
    return activity?.kind === 'system-call' && activity.call.name.startsWith('epoll')
  })
  return idles ? { kind: 'event-loop' } : kernelActivity(kernel)
}

/** The fourth argument of futex(2) is the time limit; a null pointer is none. */
function futexLimit(argument: string | undefined) {
  return argument === undefined || BigInt(argument) === 0n
    ? null
    : { unknown: "a time limit is set; its value is in the process's memory" }
}

/** With what Node names, and with the workers: they keep the main thread's loop alive, and can wake it. */
function withLoop(
  loop: EventLoop | undefined,
  names: unknown,
  workers: readonly InspectedThread[],
): { loop: EventLoop } | Record<string, never> {
  if (loop === undefined) return {}
  const named = withActiveResources(loop, names)
  if (workers.length === 0) return { loop: named }
  const shown = workers.map(({ threadId, name }) => (name === '' ? `${threadId}` : `${threadId} "${name}"`))
  const few = shown.length > 6 ? [...shown.slice(0, 5), `${shown.length - 5} more`] : shown
  const text = `${workers.length === 1 ? 'worker' : 'workers'} ${few.join(', ')}`
  return { loop: { ...named, sources: [...named.sources, { kind: 'worker', text, outside: false }] } }
}
