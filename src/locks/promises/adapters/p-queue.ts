import type { LockAdapter } from './adapter.ts'

export const pQueue: readonly LockAdapter[] = [
  {
    library: 'p-queue 6 to 10',
    className: 'PQueue',
    fields: ['#queue', '#concurrency'],
    kind: 'queue',
    unit: 'a slot of',
    capacity: '#concurrency',
  },
]
