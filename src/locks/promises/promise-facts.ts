/** The tasks and promise locks of one thread in the model's words: who waits for what, and who holds it. */
import { leavesOf, type Task } from '../../heap/tasks.ts'
import type { Hold, Resource, Task as TaskRecord, Wait } from '../../snapshot/model.ts'
import { redactedText } from '../../snapshot/secrets.ts'
import type { LockFacts } from '../atomics/facts.ts'
import type { AsyncWaits, PromiseLock } from './async-waits.ts'
import { callText } from './awaited-call.ts'
import type { FactContext } from './fact-context.ts'
import { LockLabels } from './lock-labels.ts'
import { isUncounted, lockResource, uncounted } from './lock-resource.ts'
import { TaskHolds } from './task-holds.ts'
import { TaskParties } from './task-parties.ts'
import { TaskPhrases } from './task-phrases.ts'
import { TaskRequests } from './task-requests.ts'

export interface PromiseFacts {
  readonly facts: LockFacts
  readonly tasks: readonly TaskRecord[]
}

/** Fields by which a request goes. */
const identifying = ['requestId', 'reqId', 'traceId', 'correlationId', 'id', 'name', 'url', 'path']

const nowhere = { unknown: 'its place could not be told' }

export function promiseFacts(waits: AsyncWaits, context: FactContext): PromiseFacts {
  return new Facts(waits, context).all()
}

class Facts {
  readonly #waits: AsyncWaits
  readonly #context: FactContext
  readonly #parties: TaskParties
  readonly #labels: LockLabels
  readonly #requests: TaskRequests
  readonly #phrases: TaskPhrases
  /** Of the locks that somebody holds. */
  readonly #ids = new Map<PromiseLock, string>()

  constructor(waits: AsyncWaits, context: FactContext) {
    this.#waits = waits
    this.#context = context
    this.#parties = new TaskParties(waits, context)
    this.#labels = new LockLabels(waits)
    this.#requests = new TaskRequests(waits, context, this.#parties, this.#ids)
    this.#phrases = new TaskPhrases(waits, context, this.#parties, this.#labels, this.#ids)
  }

  all(): PromiseFacts {
    const { tasks, locks } = this.#waits
    const { thread, adapters } = this.#context
    const found = new TaskHolds(this.#waits, this.#context, this.#parties)
    const resources: Resource[] = []
    const holds: Hold[] = []
    locks.forEach((lock, at) => {
      const id = `${thread}/promise lock ${at + 1}`
      const held = found.of(lock, id, isUncounted(this.#waits, lock, adapters) ? uncounted : undefined)
      if (held.length === 0) return
      this.#ids.set(lock, id)
      const label = this.#labels.of(lock)
      resources.push(lockResource(this.#waits, this.#context, lock, { id, label, taken: held.length }))
      holds.push(...held)
    })
    const said = tasks.map(task => this.#say(task))
    return {
      facts: {
        resources: [...resources, ...this.#requests.resources],
        holds,
        productions: this.#requests.productions,
        waits: said.map(({ wait }) => wait),
      },
      tasks: said.map(({ record }) => record),
    }
  }

  #say(task: Task): { readonly wait: Wait; readonly record: TaskRecord } {
    const party = this.#parties.idOf(task)!
    const request = this.#requests.of(task.need)
    const frames = task.activations.map(one => this.#context.frameOf(one))
    const frame = Math.max(
      0,
      frames.findIndex(({ owner }) => owner === 'program'),
    )
    const asking = task.activations[frame]
    const code = asking && this.#waits.codeOf(asking)
    const call = code ? callText(code) : ''
    const { loop } = this.#context
    const said = this.#phrases.of(task, code)
    const awaits = leavesOf(task.need).flatMap(leaf => {
      const lock = leaf.kind === 'settled' ? this.#waits.lockOf(leaf.promise) : undefined
      const settling =
        leaf.kind === 'return' ? [leaf.activation] : lock ? [] : this.#waits.reachOf(leaf.promise).activations
      return settling.flatMap(node => this.#parties.idOf(this.#parties.taskOf(node)) ?? [])
    })
    return {
      wait: {
        party,
        request:
          loop === undefined
            ? request
            : { kind: 'allOf', requests: [request, { kind: 'units', resource: loop, units: 1 }] },
        call,
        at: frames[frame] ?? nowhere,
        frame,
        sure: true,
        how: 'observed',
        evidence: 'V8 keeps it as a reaction of the promise that it awaits',
      },
      record: {
        id: party,
        thread: this.#context.thread,
        frames: [...frames],
        waitsFor: said.text,
        waitKind: said.kind,
        awaits: [...new Set(awaits)],
        ...this.#storeLabel(task),
      },
    }
  }

  /** What AsyncLocalStorage gives it: a text, or what an object of it is identified by. */
  #storeLabel({ activations }: Task): { readonly label?: string } {
    const { graph } = this.#waits
    const [innermost] = activations
    const store = innermost && graph.asyncContext(innermost.node)
    if (store === undefined) return {}
    for (const { kind, node } of graph.heap.edges(store)) {
      if (kind !== 'entry') continue
      const text = graph.heap.text(node)
      if (text !== undefined && text.length <= 60) return { label: redactedText(text) }
      for (const name of identifying) {
        const value = graph.heap.value(node, name)
        if (value?.kind === 'text' || value?.kind === 'number')
          return { label: `${name} ${redactedText(String(value.value))}`.slice(0, 60) }
      }
    }
    return {}
  }
}
