import type { LockAdapter } from './adapter.ts'

export const pgPool: readonly LockAdapter[] = [
  {
    library: 'pg-pool 2 and 3',
    className: 'Pool',
    fields: ['_pendingQueue', '_clients'],
    kind: 'pool',
    unit: 'a connection of',
    capacity: 'options.max',
  },
  {
    library: 'pg-pool 2 and 3',
    className: 'BoundPool',
    fields: ['_pendingQueue', '_clients'],
    kind: 'pool',
    unit: 'a connection of',
    capacity: 'options.max',
  },
]
