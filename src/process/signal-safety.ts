/**
 * Whether SIGUSR1 can be sent without harm. Node opens its inspector on that signal; to a process that does not handle
 * it, it is deadly, and one that cannot act on it now would do so later, when nobody expects it.
 */
import { isUnknown } from '../snapshot/model.ts'
import { commandOf } from './command-line.ts'
import { freezerOf } from './control-groups.ts'
import { known, numbersIn } from './proc.ts'
import { readStat } from './stat.ts'
import { holdsSignal, readStatus, readThreadStatus, type Status } from './status.ts'
import { stuckOnStderr } from './stderr.ts'
import { systemCallName } from './system-call-names.ts'
import { readSystemCall } from './system-calls.ts'
import { sameProcess, type Target } from './target.ts'

export interface Refusal {
  readonly kind:
    | 'not caught'
    | 'blocked'
    | 'pending'
    | 'stopped'
    | 'traced'
    | 'frozen'
    | 'stderr stuck'
    | 'swallowed'
  /** One sentence. */
  readonly reason: string
  /** The way out. */
  readonly remedy: string
}

/** `'yes'`, or why not. Throws when the process has exited or was replaced. */
export function canSignal(target: Target): 'yes' | Refusal {
  sameProcess(target)
  const { pid } = target
  const status = readStatus(pid)
  const state = readStat(pid)?.state ?? ''
  if (!status) return canSignal(target) // It ended just now: says so.
  return (
    refusedByTracer(state, status) ??
    refusedByStop(pid, state) ??
    refusedByFreezer(pid) ??
    refusedByMasks(target, status) ??
    refusedByStderr(pid, target.runtime.arch) ??
    'yes'
  )
}

/**
 * Cannot be seen from outside: the program's own `process.on('SIGUSR1')` takes the signal instead of Node. For the
 * caller whose signal brought no inspector.
 */
export const swallowed: Refusal = {
  kind: 'swallowed',
  reason:
    'SIGUSR1 was delivered, but no inspector opened: the program probably has its own SIGUSR1 listener, which takes the signal.',
  remedy: 'Start it with --inspect, or without that listener, to see JavaScript stacks.',
}

function refusedByTracer(state: string, { tracer }: Status): Refusal | undefined {
  if (tracer === 0 && state !== 't') return undefined
  const who =
    tracer === 0 ? 'a tracer that is not visible from here' : `process ${tracer} (${commandOf(tracer, 80)})`
  // strace hands signals on without stopping; a debugger stops at them, and then waits for its user.
  if (state !== 't' && /^strace\b/.test(readStatus(tracer)?.name ?? '')) return undefined
  return {
    kind: 'traced',
    reason: `It is being traced by ${who}, which would get the signal first${state === 't' ? ' and keeps it stopped' : ''}.`,
    remedy:
      tracer === 0
        ? 'Detach the debugger first.'
        : `Detach that debugger first, or look from it (process ${tracer}).`,
  }
}

function refusedByStop(pid: number, state: string): Refusal | undefined {
  if (state !== 'T') return undefined
  return {
    kind: 'stopped',
    reason:
      'It is stopped (SIGSTOP, SIGTSTP or Ctrl-Z): that is why it stands still, and it would not act on a signal.',
    remedy: `Let it go on with: kill -CONT ${pid}`,
  }
}

function refusedByFreezer(pid: number): Refusal | undefined {
  const freezer = freezerOf(pid)
  if (!freezer) return undefined
  return {
    kind: 'frozen',
    reason: `Its control group ${freezer.group} is frozen (as \`docker pause\` does): that is why it stands still.`,
    remedy: `Thaw it first: docker unpause, or ${freezer.thaw}`,
  }
}

function refusedByMasks({ pid, argv, execArgv }: Target, { signals }: Status): Refusal | undefined {
  if (!holdsSignal(signals.caught, 'SIGUSR1')) {
    const disabled = [...execArgv, ...argv].includes('--disable-sigusr1')
    return {
      kind: 'not caught',
      reason: disabled
        ? 'It was started with --disable-sigusr1: the signal would end it.'
        : 'It does not handle SIGUSR1 (it is still starting, was started with --disable-sigusr1, or embeds Node without it): the signal would end it.',
      remedy: 'Start it with --inspect to see JavaScript stacks; if it is just starting, try again.',
    }
  }
  if (holdsSignal(signals.sharedPending | signals.pending, 'SIGUSR1')) {
    return {
      kind: 'pending',
      reason: 'A SIGUSR1 that was sent before still waits to be taken: no thread of it handles signals now.',
      remedy:
        'Try again; if it stays so, every thread stands in the kernel and only `/proc` and its memory can tell more.',
    }
  }
  if (holdsSignal(signals.blocked, 'SIGUSR1') && !someThreadTakes(pid)) {
    return {
      kind: 'blocked',
      reason: 'All of its threads block SIGUSR1: the signal would wait for ever.',
      remedy: 'Start it with --inspect to see JavaScript stacks.',
    }
  }
  return undefined
}

/**
 * The thread to send SIGUSR1 to: the kernel hands a signal of a process to the thread whose id was named, if that takes
 * it. Node's handler has no SA_RESTART, so that a blocking read of the main thread would fail with EINTR in the program;
 * a thread that sleeps in futex(2) takes its wait up again. The main thread where no other sleeps so.
 */
export function signalReceiver({ pid, runtime }: Target): number {
  const tids = known(numbersIn(`/proc/${pid}/task`)) ?? []
  const asleep = tids.find(tid => {
    if (tid === pid) return false
    const call = readSystemCall(pid, tid)
    if (call === null || isUnknown(call) || systemCallName(call.number, runtime.arch) !== 'futex')
      return false
    return takesSignal(pid, tid)
  })
  return asleep ?? pid
}

function someThreadTakes(pid: number): boolean {
  const tids = known(numbersIn(`/proc/${pid}/task`)) ?? []
  return tids.some(tid => takesSignal(pid, tid))
}

function takesSignal(pid: number, tid: number): boolean {
  const status = readThreadStatus(pid, tid)
  return status !== undefined && !holdsSignal(status.signals.blocked, 'SIGUSR1')
}

function refusedByStderr(pid: number, arch: string): Refusal | undefined {
  const stuck = stuckOnStderr(pid, arch)
  if (!stuck) return undefined
  return {
    kind: 'stderr stuck',
    reason: `Thread ${stuck.tid} sleeps in a write to ${stuck.link}, where its stderr goes: nobody reads that, and opening the inspector would leave one more thread stuck there.`,
    remedy:
      'Read (or close) the other end of its stderr; until then only `/proc` and its memory can tell more.',
  }
}
