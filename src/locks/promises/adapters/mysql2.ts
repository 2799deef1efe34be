import type { LockAdapter } from './adapter.ts'

export const mysql2: readonly LockAdapter[] = [
  {
    library: 'mysql2 2 and 3',
    className: 'Pool',
    fields: ['_connectionQueue', '_allConnections'],
    kind: 'pool',
    unit: 'a connection of',
    capacity: 'config.connectionLimit',
  },
  {
    library: 'mysql2 2 and 3',
    className: 'BasePool',
    fields: ['_connectionQueue', '_allConnections'],
    kind: 'pool',
    unit: 'a connection of',
    capacity: 'config.connectionLimit',
  },
]
