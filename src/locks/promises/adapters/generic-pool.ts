import type { LockAdapter } from './adapter.ts'

export const genericPool: readonly LockAdapter[] = [
  {
    library: 'generic-pool 3',
    className: 'Pool',
    fields: ['_waitingClientsQueue', '_resourceLoans'],
    kind: 'pool',
    unit: 'a resource of',
    capacity: '_config.max',
  },
]
