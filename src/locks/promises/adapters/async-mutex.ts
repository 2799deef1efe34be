import type { LockAdapter } from './adapter.ts'

export const asyncMutex: readonly LockAdapter[] = [
  {
    library: 'async-mutex 0.3 to 0.5',
    className: 'Mutex',
    fields: ['_semaphore'],
    kind: 'mutex',
  },
  {
    library: 'async-mutex 0.3 to 0.5',
    className: 'Semaphore',
    fields: ['_queue', '_value'],
    kind: 'semaphore',
    unit: 'a unit of',
  },
]
