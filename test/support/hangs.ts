/** What each program does, and what has to be said about it: on the Node of the tests, and on all of the matrix. */
export interface ExpectedEdge {
  /** Thread ids of who waits and who holds. */
  readonly from: number
  readonly to: number
  /** `function (file:line)` of the waiting acquire, and of the acquisition of what is waited for. */
  readonly waits: string
  readonly acquired: string
  readonly label: string
}

export interface Hang {
  readonly file: string
  readonly verdict: 'deadlock' | 'suspected' | 'blocked' | 'busy' | 'idle' | 'healthy'
  readonly kind?: string
  /** In order, from the party that the reader knows best. */
  readonly cycle?: readonly ExpectedEdge[]
  /** Frames of one thread that have to be there, from the innermost: `function (file:line)`. */
  readonly stack?: { readonly thread: number; readonly frames: readonly string[] }
  readonly minimalMajor?: number
}

export const hangs: readonly Hang[] = [
  {
    file: 'reentrant-queue/main.mjs',
    verdict: 'deadlock',
    kind: 'reentrancy',
    cycle: [
      {
        from: 0,
        to: 0,
        waits: 'BoundedQueue.put (queue.mjs:20)',
        acquired: 'BoundedQueue.put (queue.mjs:20)',
        label: 'BoundedQueue.#lock',
      },
    ],
    stack: {
      thread: 0,
      frames: [
        'Mutex.lock (sync.mjs:8)',
        'BoundedQueue.put (queue.mjs:20)',
        'onRecord (log-sink.mjs:6)',
        'BoundedQueue.put (queue.mjs:24)',
        'submitAll (main.mjs:9)',
        '(module) (main.mjs:13)',
      ],
    },
  },
  {
    file: 'abba-workers.mjs',
    verdict: 'deadlock',
    kind: 'cycle',
    cycle: [
      {
        from: 1,
        to: 2,
        waits: 'transfer (abba-workers.mjs:27)',
        acquired: 'transfer (abba-workers.mjs:25)',
        label: 'savings',
      },
      {
        from: 2,
        to: 1,
        waits: 'transfer (abba-workers.mjs:27)',
        acquired: 'transfer (abba-workers.mjs:25)',
        label: 'checking',
      },
    ],
  },
  {
    file: 'philosophers.mjs',
    verdict: 'deadlock',
    kind: 'cycle',
    cycle: [1, 2, 3, 4, 5].map(seat => ({
      from: seat,
      to: (seat % 5) + 1,
      waits: 'Philosopher.dine (philosophers.mjs:28)',
      acquired: 'Philosopher.dine (philosophers.mjs:26)',
      // One fork has two names: that of the philosopher who holds it in the left hand came first.
      label: seat === 5 ? 'Philosopher.#left' : `Philosopher.#right (${seat} of 4)`,
    })),
  },
  { file: 'slow-holder.mjs', verdict: 'blocked' },
  { file: 'hand-over-hand.mjs', verdict: 'blocked' },
  { file: 'reentered-lock.mjs', verdict: 'blocked' },
  { file: 'parked-pool.mjs', verdict: 'idle' },
  {
    file: 'busy-loop.mjs',
    verdict: 'busy',
    kind: 'busy-loop',
    stack: { thread: 0, frames: ['total (busy-loop.mjs:4)', 'start (busy-loop.mjs:11)'] },
  },
  {
    file: 'backtracking-regex.mjs',
    verdict: 'busy',
    kind: 'busy-loop',
    stack: { thread: 0, frames: ['isList (backtracking-regex.mjs:3)', 'check (backtracking-regex.mjs:8)'] },
  },
  // Node counts the turns of its loop since 20.18.
  {
    file: 'microtask-starvation.mjs',
    verdict: 'busy',
    kind: 'busy-loop',
    stack: { thread: 0, frames: ['drain (microtask-starvation.mjs:3)'] },
    minimalMajor: 20,
  },
  { file: 'tick-starvation.cjs', verdict: 'busy', kind: 'busy-loop', minimalMajor: 20 },
  { file: 'counting-server.mjs', verdict: 'idle' },
  { file: 'own-sigusr1-listener.mjs', verdict: 'idle' },
]
