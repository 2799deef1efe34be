/** What promise locks are called in a report. */
import type { AsyncWaits, PromiseLock } from './async-waits.ts'
import { nameInHeap } from './name-in-heap.ts'

/** What a lock is called that nothing of the program's data names. */
export const unnamed = 'a lock'

export class LockLabels {
  readonly #waits: AsyncWaits
  readonly #known = new Map<PromiseLock, string>()

  constructor(waits: AsyncWaits) {
    this.#waits = waits
  }

  of(lock: PromiseLock): string {
    const known = this.#known.get(lock)
    if (known !== undefined) return known
    const label = this.#named(lock)
    this.#known.set(lock, label)
    return label
  }

  /** As its place in the program's data, else as the text of the call, else by its class. */
  #named({ label, owner, container, key, parts, methods }: PromiseLock): string {
    const { heap } = this.#waits.graph
    const code = label && this.#waits.codeOf(label.activation)
    const text = label?.target && code ? code.source.syntax.textOf(label.target).replace(/\s+/g, ' ') : ''
    const called = [...parts].filter(
      part =>
        heap.kind(part) === 'object' && [...methods].some(method => method !== '' && heap.has(part, method)),
    )
    const named = nameInHeap(heap, owner ?? container, owner === undefined ? parts : new Set(called))
    const short =
      text.length > 0 && text.length <= 40 && !/^this$|\(/.test(text) ? text.replace(/^this\./, '') : ''
    const shown =
      (named !== undefined && named.length <= 50 ? named : undefined) ??
      (short || (owner === undefined ? '' : heap.className(owner)) || unnamed)
    return key === undefined || /^\d+$/.test(key) ? shown : `${shown} '${key}'`
  }
}
