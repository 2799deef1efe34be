/** Whether a thread stood still between looks. */
import { type Frame, isUnknown, type Thread, type ThreadLook, type Wait } from '../snapshot/model.ts'

/** Two activations look the same: function, file and the position of the call in progress. */
export function sameFrame(a: Frame, b: Frame): boolean {
  return sameFunction(a, b) && same(a.line, b.line) && same(a.column, b.column)
}

/** Two activations may be one and the same, further on in its code. */
export function sameFunction(a: Frame, b: Frame): boolean {
  return a.function === b.function && same(a.file, b.file)
}

function same(a: unknown, b: unknown): boolean {
  return a === b || (isUnknown(a) && isUnknown(b))
}

/** The same stack, as far as the program's own frames tell: how Node's are shown depends on how they were read. */
export function sameFrames(one: readonly Frame[], other: readonly Frame[]): boolean {
  const [a, b] = [one, other].map(frames => frames.filter(({ owner }) => owner !== 'node')) as [
    Frame[],
    Frame[],
  ]
  return a.length === b.length && a.every((frame, index) => sameFrame(frame, b[index]!))
}

/** How many frames, counted from the outermost, all stacks share; the innermost of them may stand elsewhere in its code. */
export function sharedDepth(stacks: readonly (readonly Frame[])[]): number {
  const last = stacks.at(-1)
  if (!last) return 0
  let depth = last.length
  for (const stack of stacks) {
    let shared = 0
    for (; shared < depth; shared++) {
      const mine = stack.at(-1 - shared)
      const theirs = last.at(-1 - shared)!
      if (!mine || !sameFunction(mine, theirs)) break
      if (sameFrame(mine, theirs)) continue
      shared++
      break
    }
    depth = Math.min(depth, shared)
  }
  return depth
}

/** The last look, if there was one. */
export function lastLook(thread: Thread): ThreadLook | undefined {
  return thread.looks.at(-1)
}

/**
 * True when the thread was seen to leave its wait: its last two looks differ. A look
 * that failed says nothing.
 */
export function leftItsWait(thread: Thread, wait?: Wait): boolean {
  const [before, after] = thread.looks.slice(-2)
  if (!before || !after) return false
  if (before.activity.kind === 'unknown' || after.activity.kind === 'unknown') return false
  if (before.frames.length === 0 || after.frames.length === 0) return apart(before, after)
  if (after.activity.kind !== 'running') return !sameFrames(before.frames, after.frames)
  if (wait?.spins && wait.frame) {
    const [asked, asks] = [before, after].map(({ frames }) => frames.at(wait.frame! - after.frames.length))
    if (!asked || !asks || !sameFrame(asked, asks)) return true
  }
  // A thread that spins moves within the frame that asks and in what that frame calls.
  const depth = sharedDepth([before.frames, after.frames])
  return depth < after.frames.length - (wait?.frame ?? 0)
}

/** True when the last two looks show the same stack, or the same idle loop. */
export function stoodStill(thread: Thread, wait?: Wait): boolean {
  const [before, after] = thread.looks.slice(-2)
  if (!before || !after || leftItsWait(thread, wait)) return false
  if (before.activity.kind === 'unknown' || after.activity.kind === 'unknown') return false
  // The first look may catch it on the processor, still answering us: what it stood in is told by its frames.
  if (thread.undisturbed && after.frames.length > 0 && sameFrames(before.frames, after.frames)) return true
  return before.activity.kind === after.activity.kind && before.frames.length > 0 === after.frames.length > 0
}

/** Without frames on one side only the activity can be compared, and a parked thread may show as its system call. */
function apart(before: ThreadLook, after: ThreadLook): boolean {
  const sort = (look: ThreadLook) => {
    const { kind } = look.activity
    return kind === 'system-call' || kind === 'stopped' ? 'parked' : kind
  }
  return sort(before) !== sort(after)
}
