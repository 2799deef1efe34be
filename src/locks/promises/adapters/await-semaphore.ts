import type { LockAdapter } from './adapter.ts'

export const awaitSemaphore: readonly LockAdapter[] = [
  {
    library: 'await-semaphore 0.1',
    className: 'Semaphore',
    fields: ['tasks', 'count'],
    kind: 'semaphore',
    unit: 'a unit of',
  },
  {
    library: 'await-semaphore 0.1',
    className: 'Mutex',
    fields: ['tasks', 'count'],
    kind: 'mutex',
  },
]
