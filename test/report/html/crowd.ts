import type { Snapshot, Thread } from '../../../src/snapshot/model.ts'
import * as scenes from '../scenes.ts'

/** A deadlock with `count` threads behind it, each with `depth` frames of its own. */
export function crowd(count: number, depth: number): Snapshot {
  const base = scenes.abba()
  const [process] = base.processes
  const [, worker] = process!.threads
  const look = worker!.looks.at(-1)!
  const frame = look.frames[1]!
  const others = Array.from({ length: count }, (_, at): Thread => {
    const frames = Array.from({ length: depth }, (_, line) => ({
      ...frame,
      function: `step${line}`,
      line: line + 1,
      column: at + 1,
    }))
    return { ...worker!, id: `p4242/t${at + 2}`, threadId: at + 2, looks: [{ ...look, frames }] }
  })
  const waits = others.map(({ id }) => ({ ...base.waits[0]!, party: id }))
  return {
    ...base,
    processes: [{ ...process!, threads: [...process!.threads, ...others] }],
    waits: [...base.waits, ...waits],
  }
}
