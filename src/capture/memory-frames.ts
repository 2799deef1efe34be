/** The stack of a blocked thread as the memory of its process shows it. */
import { textAt } from '../memory/core-arguments.ts'
import { LiveMemory } from '../memory/live-memory.ts'
import type { LoopTurns } from '../memory/loop-turns.ts'
import type { ThreadStack } from '../memory/stack-functions.ts'
import { readThreadStacks, restMark, walkThreads } from '../memory/thread-stack.ts'
import { printable } from '../process/command-line.ts'
import { numbersIn } from '../process/proc.ts'
import type { Stopped } from '../process/stopped.ts'
import { systemCallName } from '../process/system-call-names.ts'
import { readSystemCall } from '../process/system-calls.ts'
import type { Target } from '../process/target.ts'
import { type Frame, isUnknown, type Unknown } from '../snapshot/model.ts'
import { idlesInLoop } from './native-activity.ts'
import { StackFrames } from './stack-frames.ts'
import { changedSinceStart, readTargetFile } from './target-files.ts'

interface Seen {
  readonly mark: string | undefined
  readonly frames: readonly Frame[] | Unknown
  readonly stack: ThreadStack | undefined
  readonly details: StackDetails
}

/** What the arguments on a stack tell. */
export interface StackDetails extends Pick<ThreadStack, 'word' | 'command'> {
  /** Of a file that it opens. */
  readonly path?: string
}

export class MemoryFrames {
  readonly #target: Target
  /** The texts of the scripts that were seen. */
  readonly texts: StackFrames
  readonly #seen = new Map<number, Seen>()
  #isWarm = false
  #turns: { readonly counter: LoopTurns | undefined } | undefined

  constructor(target: Target) {
    this.#target = target
    this.texts = new StackFrames(
      path => readTargetFile(target, path),
      path => changedSinceStart(target, path),
    )
  }

  /** The frames of a thread, innermost first; what was read is not read again while the thread does not leave its wait. */
  async of(tid: number): Promise<readonly Frame[] | Unknown> {
    return (await this.ofAll([tid])).get(tid)!
  }

  /** The same of several threads. */
  async ofAll(tids: readonly number[]): Promise<ReadonlyMap<number, readonly Frame[] | Unknown>> {
    const { pid, executable, runtime } = this.#target
    if (runtime.arch !== 'x64') {
      const unknown = `stacks are read from memory for x64 only, not for ${runtime.arch}`
      return new Map(tids.map(tid => [tid, { unknown }]))
    }
    const marks = new Map(tids.map(tid => [tid, restMark(pid, tid)]))
    const left = tids.filter(tid => {
      const before = this.#seen.get(tid)?.mark
      return before === undefined || before !== marks.get(tid)
    })
    for (const [tid, stack] of readThreadStacks(pid, left, executable)) {
      const frames = isUnknown(stack)
        ? stack
        : withoutLoop(await this.texts.of(stack.functions, stack.confidence))
      this.#seen.set(tid, {
        mark: marks.get(tid),
        frames,
        stack: isUnknown(stack) ? undefined : stack,
        details: isUnknown(stack) ? {} : { ...stack, ...pathOf(pid, tid) },
      })
    }
    return new Map(tids.map(tid => [tid, this.#seen.get(tid)!.frames]))
  }

  /** What the arguments on the stack told that was read last. */
  detailsOf(tid: number): StackDetails {
    return this.#seen.get(tid)?.details ?? {}
  }

  /** How often the main thread's event loop has turned; undefined where that is not told. */
  async loopTurns(): Promise<number | undefined> {
    const { pid, executable, runtime } = this.#target
    const { version } = runtime
    if (this.#turns === undefined && runtime.arch === 'x64' && typeof version === 'string')
      this.#turns = {
        counter: (await import('../memory/loop-turns.ts')).LoopTurns.of(pid, executable, version),
      }
    return this.#turns?.counter?.read()
  }

  /** The stack that was read last, as long as the thread has not left its wait since. */
  restingStack(tid: number): ThreadStack | undefined {
    const seen = this.#seen.get(tid)
    const stays = seen?.mark !== undefined && seen.mark === restMark(this.#target.pid, tid)
    return stays ? seen.stack : undefined
  }

  /** The same of threads that run: the process is stopped for the time that the reading takes. */
  async stopping(
    tids: readonly number[],
  ): Promise<Stopped<ReadonlyMap<number, readonly Frame[] | Unknown>> | Unknown> {
    const { pid, executable } = this.#target
    const { whileStopped } = await import('../process/stopped.ts')
    // What can be known before is not looked up while the process stands still: the layout of its V8, its images.
    const asleep = this.#isWarm ? [] : numbersIn(`/proc/${pid}/task`)
    if (!isUnknown(asleep)) readThreadStacks(pid, asleep.slice(0, 8), executable)
    this.#isWarm = true
    const stopped = await whileStopped(this.#target, () => walkThreads(pid, tids, executable))
    if (isUnknown(stopped)) return stopped
    const value = new Map<number, readonly Frame[] | Unknown>()
    for (const [tid, stack] of stopped.value())
      value.set(
        tid,
        isUnknown(stack) ? stack : withoutLoop(await this.texts.of(stack.functions, stack.confidence)),
      )
    return { ...stopped, value }
  }
}

/** An idle thread has nothing but the event loop on its stack, which its activity says already. */
export function withoutLoop(frames: readonly Frame[]): readonly Frame[] {
  return idlesInLoop(frames) ? [] : frames
}

/** The path that a thread gives to open(2) or one of its like. */
function pathOf(pid: number, tid: number): { readonly path: string } | undefined {
  const call = readSystemCall(pid, tid)
  if (call === null || isUnknown(call)) return undefined
  const name = systemCallName(call.number, 'x64')
  if (name === undefined || !/^open(at2?)?$/.test(name)) return undefined
  const memory = LiveMemory.open(pid, 2 ** 16)
  if (isUnknown(memory)) return undefined
  const path = printable(textAt(memory, Number(call.arguments[name === 'open' ? 0 : 1])))
  memory.close()
  return path === '' ? undefined : { path }
}
