/** What the tasks of a thread hold of its promise locks. */
import type { Activation, HeapNode } from '../../heap/graph.ts'
import type { Task } from '../../heap/tasks.ts'
import { type Frame, type Hold, isUnknown } from '../../snapshot/model.ts'
import { callPosition } from '../../sources/syntax.ts'
import { isCall, type Node } from '../../sources/syntax-tree.ts'
import type { AsyncWaits, PromiseLock } from './async-waits.ts'
import type { FactContext } from './fact-context.ts'
import type { LockHold } from './holds.ts'
import type { TaskParties } from './task-parties.ts'

const nowhere = { unknown: 'its place could not be told' }

export class TaskHolds {
  readonly #waits: AsyncWaits
  readonly #context: FactContext
  readonly #parties: TaskParties

  constructor(waits: AsyncWaits, context: FactContext, parties: TaskParties) {
    this.#waits = waits
    this.#context = context
    this.#parties = parties
  }

  /** Holds of a lock; `uncertain`: why none of them is sure. */
  of({ holds }: PromiseLock, resource: string, uncertain: string | undefined): readonly Hold[] {
    const found = holds.flatMap(one =>
      this.#of(resource, one, uncertain).map(hold => ({ hold, letIn: one.acquired === undefined })),
    )
    // A queue's job is one, however many of its functions show that it was let in.
    return found
      .filter(
        ({ hold, letIn }, at) =>
          !letIn ||
          !found.some(
            (other, index) => other.hold.party === hold.party && (index < at || (index > at && !other.letIn)),
          ),
      )
      .map(({ hold }) => hold)
  }

  /** Held by the task that it waits for itself: that one has to return before it can give anything back. */
  #of(
    resource: string,
    { activation, acquired, evidence }: LockHold,
    uncertain: string | undefined,
  ): readonly Hold[] {
    const holding = this.#parties.taskOf(activation.node) ?? this.#drivenBy(activation)
    if (holding === undefined) return []
    let task = holding
    for (const seen = new Set<Task>(); !seen.has(task) && task.need.kind === 'return'; ) {
      seen.add(task)
      task = this.#parties.taskOf(task.need.activation) ?? task
    }
    const code = this.#waits.codeOf(activation)
    const at =
      acquired === undefined || code === undefined
        ? undefined
        : this.#context.placeOf(activation, code.source.syntax.lines.positionAt(positionOf(acquired)))
    const index = task.activations.indexOf(activation)
    const isDriven = this.#parties.taskOf(activation.node) === undefined
    const frames = task.activations.map(one => this.#context.frameOf(one))
    const own = index >= 0 ? ownFrame(frames, index) : undefined
    const program = index >= 0 || isDriven ? undefined : this.#programFrame(task)
    const doubt = this.#waits.doubtOf(activation) ?? uncertain
    return [
      {
        party: this.#parties.idOf(task)!,
        resource,
        units: 1,
        at: program ?? (own === undefined ? this.#context.frameOf(activation) : frames[own]!),
        ...(own !== undefined && { frame: own }),
        acquiredAt: own === undefined || own === index ? (at ?? nowhere) : placeIn(frames[own]!),
        sure: doubt === undefined,
        how: 'inferred',
        evidence,
        ...(doubt !== undefined && { doubt }),
      },
    ]
  }

  /** Whose task goes on with a generator that stands at a `yield`: the only function that has it, in a variable of its own. */
  #drivenBy({ node }: Activation): Task | undefined {
    const { heap } = this.#waits.graph
    const users = new Set<HeapNode>()
    for (const { node: from, kind } of heap.retainers(node)) {
      if (from === node) continue
      if (kind !== 'internal') return undefined
      if (heap.kind(from) === 'activation') users.add(from)
    }
    const [only] = users
    return users.size === 1 ? this.#parties.taskOf(only!) : undefined
  }

  /** The outermost function of the program in it: what a lock's own function was given to run. */
  #programFrame({ activations }: Task): Frame | undefined {
    return activations.map(one => this.#context.frameOf(one)).findLast(({ owner }) => owner === 'program')
  }
}

/**
 * Where a reader knows the program: of a function of a library that holds, the nearest of the program's own that called it, else
 * the nearest that it runs.
 */
function ownFrame(frames: readonly Frame[], at: number): number {
  if (frames[at]?.owner === 'program') return at
  const outer = frames.findIndex(({ owner }, index) => index > at && owner === 'program')
  if (outer >= 0) return outer
  const inner = frames.findLastIndex(({ owner }, index) => index < at && owner === 'program')
  return inner >= 0 ? inner : at
}

function placeIn({ file, line, column }: Frame): Hold['acquiredAt'] {
  return isUnknown(file) || isUnknown(line) || isUnknown(column) ? nowhere : { file, line, column }
}

function positionOf(node: Node): number {
  return isCall(node) ? callPosition(node) : node.start
}
