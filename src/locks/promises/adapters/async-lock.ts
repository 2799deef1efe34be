import type { LockAdapter } from './adapter.ts'

export const asyncLock: readonly LockAdapter[] = [
  {
    library: 'async-lock 1',
    className: 'AsyncLock',
    fields: ['queues', 'maxPending'],
    kind: 'mutex',
  },
]
