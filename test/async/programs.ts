/** What each program of fixtures/async does, and what has to be said about it. */
export interface AsyncEdge {
  /** `function (file:line)` of the await, and of the acquisition of what is waited for; undefined where nothing is acquired. */
  readonly waits: string
  readonly acquired?: string
  readonly label: string
}

export interface AsyncProgram {
  readonly file: string
  readonly args?: readonly string[]
  readonly verdict: 'deadlock' | 'idle'
  readonly kind?: 'reentrancy' | 'cycle' | 'exhaustion'
  /** In any order: which of two equal tasks is told first is chance. */
  readonly cycle?: readonly AsyncEdge[]
  /** Of tasks that are no lock's: what some of them wait for, with `…` for every number above 999. */
  readonly waits?: readonly string[]
  /** Nothing but its participants refers to it, so that it is gone after a collection. */
  readonly onlyMemory?: boolean
  readonly minimalMajor?: number
}

export const hung: readonly AsyncProgram[] = [
  {
    file: 'locks/reentered-mutex.mjs',
    verdict: 'deadlock',
    kind: 'reentrancy',
    cycle: [
      {
        waits: 'Ledger.#audit (reentered-mutex.mjs:21)',
        acquired: 'Ledger.post (reentered-mutex.mjs:11)',
        label: 'ledger.#mutex',
      },
    ],
  },
  {
    file: 'locks/crossed-mutexes.mjs',
    verdict: 'deadlock',
    kind: 'cycle',
    cycle: [
      {
        waits: 'transfer (crossed-mutexes.mjs:18)',
        acquired: 'transfer (crossed-mutexes.mjs:15)',
        label: 'savings.mutex',
      },
      {
        waits: 'transfer (crossed-mutexes.mjs:18)',
        acquired: 'transfer (crossed-mutexes.mjs:15)',
        label: 'checking.mutex',
      },
    ],
  },
  {
    file: 'locks/crossed-run-exclusive.mjs',
    verdict: 'deadlock',
    kind: 'cycle',
    cycle: [
      {
        waits: '(anonymous) (crossed-run-exclusive.mjs:12)',
        acquired: 'compact (crossed-run-exclusive.mjs:17)',
        label: 'store',
      },
      {
        waits: '(anonymous) (crossed-run-exclusive.mjs:19)',
        acquired: 'reindex (crossed-run-exclusive.mjs:10)',
        label: 'index',
      },
    ],
  },
  {
    file: 'locks/crossed-run-exclusive.cjs',
    verdict: 'deadlock',
    kind: 'cycle',
    cycle: [
      {
        waits: '(anonymous) (crossed-run-exclusive.cjs:15)',
        acquired: 'compact (crossed-run-exclusive.cjs:20)',
        label: 'store',
      },
      {
        waits: '(anonymous) (crossed-run-exclusive.cjs:22)',
        acquired: 'reindex (crossed-run-exclusive.cjs:13)',
        label: 'index',
      },
    ],
  },
  {
    file: 'locks/exhausted-semaphore.mjs',
    verdict: 'deadlock',
    kind: 'exhaustion',
    cycle: [
      {
        waits: 'crawl (exhausted-semaphore.mjs:11)',
        acquired: 'crawl (exhausted-semaphore.mjs:11)',
        label: 'slots',
      },
      {
        waits: 'crawl (exhausted-semaphore.mjs:11)',
        acquired: 'crawl (exhausted-semaphore.mjs:11)',
        label: 'slots',
      },
    ],
  },
  {
    file: 'locks/keyed-crossed.mjs',
    verdict: 'deadlock',
    kind: 'cycle',
    cycle: [
      { waits: '(anonymous) (keyed-crossed.mjs:11)', label: "lock 'a.txt'" },
      { waits: '(anonymous) (keyed-crossed.mjs:11)', label: "lock 'b.txt'" },
    ],
  },
  ...(
    [
      ['queue', 'inQueue', 36, 13],
      ['semaphore', 'inSemaphore', 41, 21],
      ['lock', 'inLock', 45, 26],
    ] as const
  ).map(
    ([name, inner, waits, acquired]): AsyncProgram => ({
      file: 'locks/reentered-semaphores.mjs',
      args: [name],
      verdict: 'deadlock',
      kind: 'reentrancy',
      cycle: [
        {
          waits: `${inner} (reentered-semaphores.mjs:${waits})`,
          acquired: `${name} (reentered-semaphores.mjs:${acquired})`,
          label: name,
        },
      ],
    }),
  ),
  {
    file: 'queues/nested-p-limit.mjs',
    verdict: 'deadlock',
    kind: 'exhaustion',
    cycle: [
      { waits: 'load (nested-p-limit.mjs:10)', label: 'limit' },
      { waits: 'load (nested-p-limit.mjs:10)', label: 'limit' },
    ],
  },
  {
    file: 'queues/nested-p-queue.mjs',
    verdict: 'deadlock',
    kind: 'reentrancy',
    cycle: [{ waits: 'build (nested-p-queue.mjs:9)', label: 'jobs' }],
    minimalMajor: 20,
  },
  ...['generic-pool', 'pg-pool'].map(
    (name): AsyncProgram => ({
      file: `pools/exhausted-${name}.mjs`,
      verdict: 'deadlock',
      kind: 'exhaustion',
    }),
  ),
  {
    file: 'hand-written/queue-mutex.mjs',
    verdict: 'deadlock',
    kind: 'reentrancy',
    cycle: [{ waits: 'lock (queue-mutex.mjs:9)', acquired: 'write (queue-mutex.mjs:22)', label: 'cache' }],
  },
  {
    file: 'hand-written/promise-cache.mjs',
    verdict: 'deadlock',
    kind: 'cycle',
    cycle: [
      { waits: 'read (promise-cache.mjs:14)', label: 'the return of read (promise-cache.mjs:14)' },
      { waits: 'read (promise-cache.mjs:14)', label: 'the return of read (promise-cache.mjs:14)' },
    ],
  },
  {
    file: 'hand-written/drain-of-itself.mjs',
    verdict: 'deadlock',
    kind: 'cycle',
    cycle: [
      { waits: 'drain (drain-of-itself.mjs:13)', label: 'the return of shutDown (drain-of-itself.mjs:18)' },
    ],
  },
  {
    file: 'hand-written/chain-of-releases.mjs',
    verdict: 'deadlock',
    kind: 'cycle',
    cycle: [
      {
        waits: 'Mutex.run (chain-of-releases.mjs:18)',
        label: 'a promise that is settled by Mutex.run (chain-of-releases.mjs:20)',
      },
    ],
  },
  {
    file: 'hand-written/promise-chain.mjs',
    verdict: 'deadlock',
    kind: 'cycle',
    cycle: [{ waits: 'flush (promise-chain.mjs:22)', label: 'the return of flush (promise-chain.mjs:22)' }],
    onlyMemory: true,
  },
  {
    file: 'queues/awaits-itself-dataloader.mjs',
    verdict: 'deadlock',
    kind: 'cycle',
    cycle: [
      {
        waits: '(anonymous) (awaits-itself-dataloader.mjs:8)',
        label: 'the return of withManager (awaits-itself-dataloader.mjs:14)',
      },
      {
        waits: 'withManager (awaits-itself-dataloader.mjs:14)',
        label: 'the return of an anonymous function (awaits-itself-dataloader.mjs:8)',
      },
    ],
    // A snapshot of V8 before 13 does not tell true from false.
    onlyMemory: true,
  },
  {
    file: 'hand-written/module-cycle/main.mjs',
    verdict: 'deadlock',
    kind: 'cycle',
    cycle: [
      { waits: '(module) (first.mjs:2)', label: 'the evaluation of second.mjs' },
      { waits: '(module) (second.mjs:2)', label: 'the evaluation of first.mjs' },
    ],
  },
  {
    file: 'hand-written/chain-with-release.mjs',
    verdict: 'deadlock',
    kind: 'reentrancy',
    cycle: [
      {
        waits: 'Lock.acquire (chain-with-release.mjs:15)',
        acquired: 'update (chain-with-release.mjs:23)',
        label: 'lock',
      },
    ],
    onlyMemory: true,
  },
  {
    file: 'hand-written/crossed-in-main.cjs',
    verdict: 'deadlock',
    kind: 'cycle',
    cycle: [
      {
        waits: 'upload (crossed-in-main.cjs:18)',
        acquired: 'download (crossed-in-main.cjs:25)',
        label: 'net',
      },
      {
        waits: 'download (crossed-in-main.cjs:28)',
        acquired: 'upload (crossed-in-main.cjs:15)',
        label: 'disk',
      },
    ],
    onlyMemory: true,
  },
  {
    file: 'hand-written/connection-from-helper.mjs',
    verdict: 'deadlock',
    kind: 'exhaustion',
    cycle: [
      {
        waits: 'getConnection (connection-from-helper.mjs:22)',
        acquired: 'handle (connection-from-helper.mjs:35)',
        label: 'pool',
      },
      {
        waits: 'getConnection (connection-from-helper.mjs:22)',
        acquired: 'handle (connection-from-helper.mjs:35)',
        label: 'pool',
      },
    ],
  },
  {
    file: 'hand-written/transaction-of-helper.mjs',
    verdict: 'deadlock',
    kind: 'reentrancy',
    cycle: [
      {
        waits: 'Database.begin (transaction-of-helper.mjs:40)',
        acquired: 'order (transaction-of-helper.mjs:55)',
        label: 'db.#lock',
      },
    ],
  },
  {
    file: 'hand-written/tickets-in-map.mjs',
    verdict: 'deadlock',
    kind: 'exhaustion',
    cycle: [
      {
        waits: 'TicketSemaphore.take (tickets-in-map.mjs:17)',
        acquired: 'train (tickets-in-map.mjs:29)',
        label: 'gpu',
      },
      {
        waits: 'TicketSemaphore.take (tickets-in-map.mjs:17)',
        acquired: 'train (tickets-in-map.mjs:29)',
        label: 'gpu',
      },
    ],
  },
  {
    file: 'hand-written/lock-by-name.mjs',
    verdict: 'deadlock',
    kind: 'cycle',
    cycle: [
      {
        waits: 'both (lock-by-name.mjs:28)',
        acquired: 'both (lock-by-name.mjs:25)',
        label: "waiters 'stock'",
      },
      {
        waits: 'both (lock-by-name.mjs:28)',
        acquired: 'both (lock-by-name.mjs:25)',
        label: "waiters 'cart'",
      },
    ],
    onlyMemory: true,
  },
  {
    file: 'hand-written/philosophers.mjs',
    verdict: 'deadlock',
    kind: 'cycle',
    cycle: [
      {
        waits: 'philosopher (philosophers.mjs:17)',
        acquired: 'philosopher (philosophers.mjs:15)',
        label: 'forks[0]',
      },
      {
        waits: 'philosopher (philosophers.mjs:17)',
        acquired: 'philosopher (philosophers.mjs:15)',
        label: 'forks[1]',
      },
      {
        waits: 'philosopher (philosophers.mjs:17)',
        acquired: 'philosopher (philosophers.mjs:15)',
        label: 'forks[2]',
      },
      {
        waits: 'philosopher (philosophers.mjs:17)',
        acquired: 'philosopher (philosophers.mjs:15)',
        label: 'forks[3]',
      },
      {
        waits: 'philosopher (philosophers.mjs:17)',
        acquired: 'philosopher (philosophers.mjs:15)',
        label: 'forks[4]',
      },
    ],
    onlyMemory: true,
  },
  {
    file: 'hand-written/generator-holds.mjs',
    verdict: 'deadlock',
    kind: 'reentrancy',
    cycle: [
      {
        waits: 'Mutex.lock (generator-holds.mjs:8)',
        acquired: 'scan (generator-holds.mjs:20)',
        label: 'store',
      },
    ],
    onlyMemory: true,
  },
  {
    file: 'hand-written/job-queue.mjs',
    verdict: 'deadlock',
    kind: 'exhaustion',
    cycle: [
      { waits: 'build (job-queue.mjs:32)', acquired: 'build (job-queue.mjs:32)', label: 'jobs' },
      { waits: 'build (job-queue.mjs:32)', acquired: 'build (job-queue.mjs:32)', label: 'jobs' },
    ],
  },
  {
    file: 'hand-written/lent-to-callback.mjs',
    verdict: 'deadlock',
    kind: 'exhaustion',
    cycle: [
      {
        waits: 'ConnectionPool.use (lent-to-callback.mjs:13)',
        acquired: 'ConnectionPool.use (lent-to-callback.mjs:13)',
        label: 'db',
      },
      {
        waits: 'ConnectionPool.use (lent-to-callback.mjs:13)',
        acquired: 'ConnectionPool.use (lent-to-callback.mjs:13)',
        label: 'db',
      },
    ],
  },
  {
    file: 'hand-written/own-run-exclusive.mjs',
    verdict: 'deadlock',
    kind: 'reentrancy',
    cycle: [
      {
        waits: 'Mutex.runExclusive (own-run-exclusive.mjs:8)',
        acquired: 'Mutex.runExclusive (own-run-exclusive.mjs:8)',
        label: 'acc',
      },
    ],
    onlyMemory: true,
  },
  {
    file: 'hand-written/actors.mjs',
    verdict: 'deadlock',
    kind: 'cycle',
    cycle: [
      { waits: '(anonymous) (actors.mjs:33)', label: 'the return of Actor.#loop (actors.mjs:26)' },
      { waits: '(anonymous) (actors.mjs:34)', acquired: 'Actor.#loop (actors.mjs:26)', label: 'billing' },
    ],
  },
  {
    file: 'hand-written/emitter-lock.mjs',
    verdict: 'deadlock',
    kind: 'reentrancy',
    cycle: [
      { waits: 'Lock.acquire (emitter-lock.mjs:8)', acquired: 'save (emitter-lock.mjs:18)', label: 'state' },
    ],
  },
  {
    file: 'hand-written/read-write-lock.mjs',
    verdict: 'deadlock',
    kind: 'exhaustion',
    cycle: [
      {
        waits: 'RWLock.acquireWrite (read-write-lock.mjs:15)',
        acquired: 'upsert (read-write-lock.mjs:43)',
        label: 'lock',
      },
      {
        waits: 'RWLock.acquireWrite (read-write-lock.mjs:15)',
        acquired: 'upsert (read-write-lock.mjs:43)',
        label: 'lock',
      },
    ],
  },
  {
    file: 'hand-written/callback-lock.mjs',
    verdict: 'deadlock',
    kind: 'cycle',
  },
  {
    file: 'hand-written/compiled-semaphore.cjs',
    verdict: 'deadlock',
    kind: 'reentrancy',
    onlyMemory: true,
  },
  {
    file: 'hand-written/await-using.mjs',
    verdict: 'deadlock',
    kind: 'cycle',
    cycle: [
      { waits: 'Lock.acquire (await-using.mjs:8)', acquired: 'second (await-using.mjs:26)', label: 'b' },
      { waits: 'Lock.acquire (await-using.mjs:8)', acquired: 'first (await-using.mjs:21)', label: 'a' },
    ],
    minimalMajor: 24,
  },
  {
    file: 'queues/crossed-p-queues.mjs',
    verdict: 'deadlock',
    kind: 'cycle',
    cycle: [
      { waits: '(anonymous) (index.js:521)', acquired: 'index.js', label: 'uploads' },
      { waits: '(anonymous) (index.js:521)', acquired: 'index.js', label: 'images' },
    ],
    minimalMajor: 20,
  },
  {
    file: 'queues/nested-fastq.mjs',
    verdict: 'deadlock',
    kind: 'reentrancy',
    cycle: [{ waits: 'work (nested-fastq.mjs:8)', acquired: 'work (nested-fastq.mjs:8)', label: 'queue' }],
  },
  {
    file: 'locks/returned-transfer.mjs',
    verdict: 'deadlock',
    kind: 'cycle',
    cycle: ['savings', 'checking'].map(key => ({
      waits: '(anonymous) (returned-transfer.mjs:13)',
      acquired: '(anonymous) (returned-transfer.mjs:13)',
      label: `lock '${key}'`,
    })),
    onlyMemory: true,
  },
  {
    file: 'queues/nested-bottleneck.mjs',
    verdict: 'deadlock',
    kind: 'reentrancy',
    cycle: [
      {
        waits: '(anonymous) (nested-bottleneck.mjs:19)',
        acquired: 'nested-bottleneck.mjs',
        label: 'limiter',
      },
    ],
  },
  {
    file: 'pools/exhausted-mysql2.mjs',
    verdict: 'deadlock',
    kind: 'exhaustion',
    cycle: [1, 2].map(() => ({
      waits: 'detail (exhausted-mysql2.mjs:37)',
      acquired: 'report (exhausted-mysql2.mjs:27)',
      label: 'pool',
    })),
  },
  {
    file: 'hand-written/job-runner.mjs',
    verdict: 'deadlock',
    kind: 'reentrancy',
    cycle: [
      {
        waits: 'resize (job-runner.mjs:40)',
        acquired: 'Limiter.#run (job-runner.mjs:27)',
        label: 'limiter',
      },
    ],
  },
  {
    file: 'hand-written/finally-limiter.mjs',
    verdict: 'deadlock',
    kind: 'exhaustion',
    cycle: [1, 2].map(() => ({
      waits: 'page (finally-limiter.mjs:31)',
      acquired: 'page (finally-limiter.mjs:31)',
      label: 'queue',
    })),
  },
  {
    file: 'hand-written/inline-limiter.mjs',
    verdict: 'deadlock',
    kind: 'reentrancy',
    cycle: [
      {
        waits: 'limited (inline-limiter.mjs:14)',
        acquired: 'limited (inline-limiter.mjs:14)',
        label: 'limit',
      },
    ],
  },
  {
    file: 'hand-written/callback-jobs.mjs',
    verdict: 'deadlock',
    kind: 'exhaustion',
    cycle: [1, 2].map(() => ({
      waits: 'page (callback-jobs.mjs:35)',
      acquired: 'page (callback-jobs.mjs:35)',
      label: 'jobs',
    })),
  },
]

/** Programs that look hung and are not. */
export const healthy: readonly AsyncProgram[] = [
  { file: 'hand-written/drain-of-itself.mjs', args: ['outside'], verdict: 'idle' },
  { file: 'hand-written/chain-of-releases.mjs', args: ['later'], verdict: 'idle' },
  {
    file: 'pools/unread-response.mjs',
    verdict: 'idle',
    waits: [
      'an HTTP response from 127.0.0.1:… (GET /detail), and before that for a free socket of its agent (all 1 in use)',
    ],
  },
  {
    file: 'healthy/slow-response.mjs',
    verdict: 'idle',
    waits: [
      'an HTTP response from 127.0.0.1:… (GET /page)',
      'an HTTP response from 127.0.0.1:… (GET /detail), and before that for a free socket of its agent (all 1 in use)',
    ],
  },
  // Who holds these is not seen: nothing is claimed, and what is waited for is told.
  {
    file: 'pools/exhausted-undici.mjs',
    verdict: 'idle',
    waits: ['pool, which no suspended function is seen to hold'],
    minimalMajor: 20,
  },
  {
    file: 'queues/nested-piscina.mjs',
    verdict: 'idle',
    waits: ['a message'],
    minimalMajor: 20,
  },
  { file: 'locks/retried-lockfile.mjs', verdict: 'idle' },
  { file: 'locks/undrained.mjs', verdict: 'idle', waits: ["an event 'drain' of streams[0]"] },
  ...['widened', 'cancelled', 'released'].map(
    (done): AsyncProgram => ({ file: `healthy/${done}-by-request.mjs`, verdict: 'idle' }),
  ),
  { file: 'healthy/queue-consumers.mjs', verdict: 'idle' },
  { file: 'healthy/slow-holder.mjs', verdict: 'idle' },
  { file: 'healthy/holder-sleeps.mjs', verdict: 'idle', waits: ['a timer of … ms, due in about 10 min'] },
  { file: 'healthy/request-and-response.mjs', verdict: 'idle' },
  { file: 'healthy/busy-pool.mjs', verdict: 'idle' },
  { file: 'healthy/rate-limited.mjs', verdict: 'idle', minimalMajor: 20 },
  { file: 'healthy/waits-forever.mjs', verdict: 'idle' },
  { file: 'healthy/released-by-handler.mjs', verdict: 'idle' },
  { file: 'healthy/bus.mjs', verdict: 'idle' },
  { file: 'healthy/keyed-busy.mjs', verdict: 'idle' },
  { file: 'healthy/lock-per-id.mjs', verdict: 'idle' },
  { file: 'healthy/unseen-holder.mjs', verdict: 'idle' },
  { file: 'healthy/actors.mjs', verdict: 'idle' },
  { file: 'healthy/connection-from-helper.mjs', verdict: 'idle' },
  { file: 'healthy/generator-holds.mjs', verdict: 'idle' },
  { file: 'healthy/generator-left.mjs', verdict: 'idle' },
  { file: 'healthy/generator-of-handler.mjs', verdict: 'idle' },
  { file: 'healthy/job-queue.mjs', verdict: 'idle' },
  { file: 'healthy/lock-by-name.mjs', verdict: 'idle' },
  { file: 'healthy/more-slots-later.mjs', verdict: 'idle' },
  { file: 'healthy/paused-queue.mjs', verdict: 'idle', minimalMajor: 20 },
  { file: 'healthy/polling-worker.mjs', verdict: 'idle' },
  { file: 'healthy/race-with-timer.mjs', verdict: 'idle' },
  { file: 'healthy/reader-sleeps.mjs', verdict: 'idle' },
  { file: 'healthy/safety-timer.mjs', verdict: 'idle' },
  { file: 'healthy/signal-with-timer.mjs', verdict: 'idle' },
  { file: 'healthy/transaction-of-helper.mjs', verdict: 'idle' },
  { file: 'healthy/unit-of-callback.mjs', verdict: 'idle' },
  { file: 'healthy/unlocked-by-handler.mjs', verdict: 'idle' },
  { file: 'healthy/busy-fastq.mjs', verdict: 'idle' },
  { file: 'healthy/cancelled-by-timer.mjs', verdict: 'idle' },
  { file: 'healthy/reclaimed-by-timer.mjs', verdict: 'idle' },
  { file: 'healthy/rejected-by-timer.mjs', verdict: 'idle' },
  { file: 'healthy/widened-by-timer.mjs', verdict: 'idle', minimalMajor: 20 },
  {
    file: 'healthy/leaves.mjs',
    verdict: 'idle',
    waits: [
      'a child process (sleep, …)',
      'a message',
      "a file operation (readFile '/tmp/impasse-leaves…/orders.fifo')",
      'an HTTP response from localhost:… (GET /orders)',
      'a notify of words[1] (Atomics.waitAsync)',
      'an event of the process',
    ],
  },
  { file: 'healthy/refilled-bottleneck.mjs', verdict: 'idle' },
  { file: 'locks/returned-transfer.mjs', args: ['answered'], verdict: 'idle' },
  { file: 'pools/exhausted-mysql2.mjs', args: ['busy'], verdict: 'idle' },
  ...['job-runner', 'finally-limiter', 'inline-limiter', 'callback-jobs'].map(
    (name): AsyncProgram => ({ file: `hand-written/${name}.mjs`, args: ['answered'], verdict: 'idle' }),
  ),
  { file: 'pools/exhausted-tarn.mjs', verdict: 'idle' },
  {
    file: 'hand-written/forgotten-resolve.mjs',
    verdict: 'idle',
    waits: ['a promise that nothing can settle any more'],
  },
]

/** The same programs with the previous major version of their library, or a later one. */
export const otherVersions: readonly AsyncProgram[] = (
  [
    ['locks/reentered-mutex.mjs', 'async-mutex-4', 18],
    ['locks/exhausted-semaphore.mjs', 'async-sema-2', 18],
    ['queues/nested-p-limit.mjs', 'p-limit-6', 18],
    ['queues/nested-p-queue.mjs', 'p-queue', 20],
    ['queues/awaits-itself-dataloader.mjs', 'dataloader-1', 18],
    ['pools/exhausted-pg-pool.mjs', 'pg-pool-2', 18],
    ['queues/nested-bottleneck.mjs', 'bottleneck-1', 18],
    ['pools/exhausted-mysql2.mjs', 'mysql2-2', 18],
    ['pools/exhausted-undici.mjs', 'undici', 22],
    ['queues/nested-piscina.mjs', 'piscina-4', 18],
    ['queues/nested-piscina.mjs', 'tinypool', 20],
    ['queues/nested-piscina.mjs', 'tinypool-1', 18],
    ['locks/retried-lockfile.mjs', 'proper-lockfile-3', 18],
  ] as const
).map(([file, library, minimalMajor]) => {
  const { args: _, ...program } = [...hung, ...healthy].find(one => one.file === file)!
  return { ...program, args: [library], minimalMajor }
})
