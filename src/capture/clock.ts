/** Bounds every wait of a capture: no step may outlast its own limit or what is left of the whole. */
export class Clock {
  readonly #start = performance.now()
  readonly #totalMs: number

  constructor(totalMs: number) {
    this.#totalMs = totalMs
  }

  /** Milliseconds since the capture began. */
  get now(): number {
    return performance.now() - this.#start
  }

  /** What a step may take, milliseconds: its own limit, or less when the whole is nearly over; never below 1. */
  limit(stepMs: number): number {
    return Math.max(1, Math.min(stepMs, this.#totalMs - this.now))
  }

  /** The bound of the whole, milliseconds. */
  get totalMs(): number {
    return this.#totalMs
  }

  get expired(): boolean {
    return this.now >= this.#totalMs
  }
}

/** Resolves after so long, and keeps nothing alive until then: for racing against work that may not end. */
export function timeLimit(milliseconds: number): Promise<undefined> {
  return new Promise(resolve => setTimeout(() => resolve(undefined), milliseconds).unref())
}

/** A pause of our own. */
export function sleep(milliseconds: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, milliseconds))
}
