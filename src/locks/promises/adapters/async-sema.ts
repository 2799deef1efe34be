import type { LockAdapter } from './adapter.ts'

export const asyncSema: readonly LockAdapter[] = [
  {
    library: 'async-sema 2 and 3',
    className: 'Sema',
    fields: ['nrTokens', 'waiting'],
    kind: 'semaphore',
    unit: 'a token of',
    capacity: 'nrTokens',
  },
]
