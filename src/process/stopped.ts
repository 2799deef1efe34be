/**
 * A process that stands still for some milliseconds: SIGSTOP, a reading, SIGCONT (signal(7)). It is let go on every way out: a second
 * process watches over that, should this one be killed meanwhile.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { isUnknown, type Unknown } from '../snapshot/model.ts'
import { numbersIn } from './proc.ts'
import { readStat, readThreadStat } from './stat.ts'
import { readStatus } from './status.ts'

export interface Stopped<T> {
  readonly value: T
  /** From the one signal to the other, milliseconds. */
  readonly pausedMs: number
}

/** A thread on a processor stops at its next interrupt; on a loaded machine it first has to get there. */
const STOP_MS = 500
/** Signals that would end this process in the middle, if nobody listens for them. */
const deadly = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM'] as const

/**
 * What `read` gives while all threads stand still. It must not wait for anything. A process that is stopped or traced already is not
 * touched: whoever stopped it wants it so.
 */
export async function whileStopped<T>(
  { pid, startTicks }: { readonly pid: number; readonly startTicks: number },
  read: () => T,
): Promise<Stopped<T> | Unknown> {
  const guard = await guardian(pid)
  if (isUnknown(guard)) return guard
  const postponed = () => {}
  for (const signal of deadly) process.on(signal, postponed)
  try {
    const before = readStat(pid)
    if (before?.startTicks !== startTicks) return { unknown: 'it has exited' }
    if ('Tt'.includes(before.state) || readStatus(pid)?.tracer !== 0)
      return { unknown: 'it is stopped or traced by somebody else' }
    const from = performance.now()
    process.kill(pid, 'SIGSTOP')
    try {
      if (!stands(pid, from)) return { unknown: `it did not stop within ${STOP_MS} ms` }
      const value = read()
      return { value, pausedMs: performance.now() - from }
    } finally {
      if (readStat(pid)?.startTicks === startTicks) process.kill(pid, 'SIGCONT')
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EPERM') return { unknown: 'it may not be signalled' }
    if (code === 'ESRCH') return { unknown: 'it has exited' }
    throw error
  } finally {
    for (const signal of deadly) process.off(signal, postponed)
    guard.stdin!.end('done\n')
  }
}

/** Until every thread is stopped; what already sleeps in the kernel stops where it is. */
function stands(pid: number, from: number): boolean {
  const cell = new Int32Array(new SharedArrayBuffer(4))
  for (;;) {
    const tids = numbersIn(`/proc/${pid}/task`)
    if (isUnknown(tids)) return false
    if (tids.every(tid => 'TtZX'.includes(readThreadStat(pid, tid)?.state ?? 'X'))) return true
    if (performance.now() - from > STOP_MS) return false
    Atomics.wait(cell, 0, 0, 0.2)
  }
}

/** Lets the process go when its standard input ends without a line: when this process has ended. */
async function guardian(pid: number): Promise<ChildProcess | Unknown> {
  const child = spawn('/bin/sh', ['-c', 'echo; read -r done || kill -CONT "$0"', String(pid)], {
    stdio: ['pipe', 'pipe', 'ignore'],
    // A Ctrl-C is for this process alone.
    detached: true,
  })
  try {
    await Promise.race([
      once(child.stdout!, 'data'),
      once(child, 'exit').then(() => Promise.reject(new Error())),
    ])
  } catch {
    return { unknown: 'no second process could be started that lets it go should this one be killed' }
  }
  child.stdin!.on('error', () => {})
  child.stdout!.destroy()
  child.unref()
  return child
}
