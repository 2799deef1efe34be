import type { LockAdapter } from './adapter.ts'

export const semaphoreAsyncAwait: readonly LockAdapter[] = [
  {
    library: 'semaphore-async-await 1.5',
    className: 'Lock',
    fields: ['permits', 'promiseResolverQueue'],
    kind: 'mutex',
  },
  {
    library: 'semaphore-async-await 1.5',
    className: 'Semaphore',
    fields: ['permits', 'promiseResolverQueue'],
    kind: 'semaphore',
    unit: 'a permit of',
  },
]
