import type { LockAdapter } from './adapter.ts'

export const pLimit: readonly LockAdapter[] = [
  {
    library: 'p-limit 3 to 7',
    className: '',
    fields: ['activeCount', 'queue'],
    kind: 'queue',
    unit: 'a slot of',
    capacity: 'concurrency',
  },
]
