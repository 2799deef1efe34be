/** The tasks of one thread as parties. */
import type { HeapNode } from '../../heap/graph.ts'
import type { Task } from '../../heap/tasks.ts'
import type { AsyncWaits } from './async-waits.ts'
import type { FactContext } from './fact-context.ts'

export class TaskParties {
  readonly #parties = new Map<Task, string>()
  /** By activation. */
  readonly #taskOf = new Map<HeapNode, Task>()

  constructor({ tasks }: AsyncWaits, { thread, firstTask }: FactContext) {
    tasks.forEach((task, at) => {
      this.#parties.set(task, `${thread}/a${firstTask + at}`)
      for (const { node } of task.activations) this.#taskOf.set(node, task)
    })
  }

  /** Its id; undefined for none of the thread's tasks. */
  idOf(task: Task | undefined): string | undefined {
    return task && this.#parties.get(task)
  }

  /** The task that a suspended function is part of. */
  taskOf(activation: HeapNode): Task | undefined {
    return this.#taskOf.get(activation)
  }
}
