/** Finds the process of a started program that hangs, and how its frames read. */
import { relative } from 'node:path'
import { capture } from '../../src/capture/capture.ts'
import { descendantsOf } from '../../src/process/children.ts'
import type { Frame, Snapshot, Thread } from '../../src/snapshot/model.ts'
import { fixturePath } from '../support/spawn-fixture.ts'

export interface HungProgram {
  readonly snapshot: Snapshot
  readonly thread: Thread
  /** Of the last look, innermost first. */
  readonly frames: readonly Frame[]
}

/**
 * Looks at a process and its descendants (runners start others) until one has a thread that stands in the given
 * function: it prints that it is ready a moment before it hangs.
 */
export async function hungProgram(
  pid: number,
  inFunction = 'lock',
  deadlineMs = 15_000,
): Promise<HungProgram> {
  const end = Date.now() + deadlineMs
  while (Date.now() < end) {
    for (const one of [pid, ...descendantsOf(pid).map(child => child.pid)]) {
      const snapshot = await capture(one).catch(() => undefined)
      for (const thread of snapshot?.processes[0]?.threads ?? []) {
        const looks = thread.looks.slice(-2)
        // A busy machine may disturb a look, or the first may meet the thread while it still answers.
        const stands =
          looks.length === 2 &&
          looks.every(
            ({ frames, activity }) => frames[0]?.function === inFunction && activity.kind === 'parked',
          )
        if (snapshot && stands && thread.undisturbed)
          return { snapshot, thread, frames: looks.at(-1)!.frames }
      }
    }
  }
  throw new Error(`no thread in ${inFunction} within ${deadlineMs} ms`)
}

/** `Mutex.lock mutex.ts:6:72 < mutex.js:6:21`: the original place and, where it differs, the generated one. */
export function frameRow(frame: Frame): string {
  const name = typeof frame.class === 'string' ? `${frame.class}.${frame.function}` : frame.function
  const place = ({
    file,
    line,
    column,
  }: {
    file: Frame['file']
    line: Frame['line']
    column: Frame['column']
  }) => `${typeof file === 'string' ? shortName(file) : '?'}:${line}:${column}`
  return `${name} ${place(frame)}${frame.generated ? ` < ${place(frame.generated)}` : ''}`
}

function shortName(file: string): string {
  return file.startsWith(fixturePath('')) ? relative(fixturePath(''), file) : file
}
