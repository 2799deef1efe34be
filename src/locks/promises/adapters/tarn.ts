import type { LockAdapter } from './adapter.ts'

export const tarn: readonly LockAdapter[] = [
  {
    library: 'tarn 2 and 3 (knex)',
    className: 'Pool',
    fields: ['pendingAcquires', 'used'],
    kind: 'pool',
    unit: 'a resource of',
    capacity: 'max',
  },
]
