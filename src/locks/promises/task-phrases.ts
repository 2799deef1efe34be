/** What tasks wait for, in words. */
import type { Need, Task } from '../../heap/tasks.ts'
import type { AsyncWaits, PromiseLock } from './async-waits.ts'
import { fileText, isFetch, notifyText } from './awaited-call.ts'
import { awaitedEvent, eventText } from './awaited-event.ts'
import type { FactContext } from './fact-context.ts'
import { returnOf } from './frame-names.ts'
import { type LockLabels, unnamed } from './lock-labels.ts'
import { lockCapacity } from './lock-resource.ts'
import { outsideOf } from './outside-waits.ts'
import type { SuspendedCode } from './suspended-code.ts'
import type { TaskParties } from './task-parties.ts'

/** What a task waits for, after `waits for`, and of which kind that is. */
export interface Phrase {
  readonly text: string
  readonly kind: string
}

export class TaskPhrases {
  readonly #waits: AsyncWaits
  readonly #context: FactContext
  readonly #parties: TaskParties
  readonly #labels: LockLabels
  readonly #held: { has(lock: PromiseLock): boolean }

  /** `held`: the locks that somebody holds. */
  constructor(
    waits: AsyncWaits,
    context: FactContext,
    parties: TaskParties,
    labels: LockLabels,
    held: { has(lock: PromiseLock): boolean },
  ) {
    this.#waits = waits
    this.#context = context
    this.#parties = parties
    this.#labels = labels
    this.#held = held
  }

  /** `code`: that of the function which the reader knows. */
  of(task: Task, code: SuspendedCode | undefined): Phrase {
    return this.#inCall(task, code, this.#phrase(task.need))
  }

  /** The same with what the call tells that is awaited. */
  #inCall(task: Task, code: SuspendedCode | undefined, said: Phrase): Phrase {
    // What Node's own functions await, native code settles.
    const isNodes = task.activations[0]?.code.place?.script.startsWith('node:') === true
    if (said.kind === 'nothing' && code !== undefined && !isNodes) {
      const notify = notifyText(code)
      return notify === undefined ? said : { text: notify, kind: 'message' }
    }
    if (said.kind === 'nothing' && isNodes)
      return this.#inCall(task, code, { text: 'something of Node or of native code', kind: 'i/o' })
    if (said.kind !== 'i/o') return said
    const file = fileText(this.#waits.graph.heap, task.activations)
    if (file !== undefined) return { ...said, text: `a file operation (${file})` }
    return code !== undefined && isFetch(code) && said.text === 'an abort signal'
      ? { ...said, text: 'an HTTP response (fetch)' }
      : said
  }

  /** What it waits for, after `waits for`. */
  #phrase(need: Need): Phrase {
    if ('needs' in need) {
      const parts = need.needs.map(one => this.#phrase(one))
      const texts = [...new Set(parts.map(({ text }) => text))]
      const few = texts.length > 4 ? [...texts.slice(0, 3), `${texts.length - 3} more`] : texts
      const kinds = new Set(parts.map(({ kind }) => kind))
      return {
        text: few.join(need.kind === 'all' ? ' and ' : ' or '),
        kind: kinds.size === 1 ? parts[0]!.kind : 'several',
      }
    }
    if (need.kind === 'return') {
      const task = this.#parties.taskOf(need.activation)
      const activation = this.#waits.graph.activations.get(need.activation)
      const text = activation === undefined ? 'a function' : returnOf(this.#context.frameOf(activation))
      return { text, kind: task === undefined ? 'unknown' : 'task' }
    }
    const lock = this.#waits.lockOf(need.promise)
    const outside = outsideOf(this.#waits, need.promise, this.#context.loopNow)
    if (lock === undefined) return { text: outside.text, kind: outside.kind }
    const until = outside.kind === 'timer' ? `, or ${outside.text}` : ''
    const label = this.#labels.of(lock)
    if (this.#held.has(lock)) return { text: `${label}${until}`, kind: 'lock' }
    const event = awaitedEvent(this.#waits.graph.heap, this.#waits.reachOf(need.promise).stores)
    if (event !== undefined)
      return { text: `${eventText(this.#waits.graph.heap, event)}${until}`, kind: 'event' }
    // An event iterator, a channel, a job queue: what has no name and no holder need not be a lock.
    const free =
      label === unnamed
        ? 'its turn in a queue, which no suspended function is seen to serve'
        : `${label}${this.#capacityText(lock)}, which no suspended function is seen to hold`
    return { text: `${free}${until}`, kind: 'queue' }
  }

  #capacityText(lock: PromiseLock): string {
    const capacity = lockCapacity(this.#waits, lock, this.#context.adapters)
    return capacity === undefined ? '' : ` (for ${capacity} at a time)`
  }
}
