import type { LockAdapter } from './adapter.ts'

export const bottleneck: readonly LockAdapter[] = [
  {
    library: 'bottleneck 2',
    className: 'Bottleneck',
    fields: ['_queues', '_store'],
    kind: 'queue',
    unit: 'a slot of',
    capacity: '_store.storeOptions.maxConcurrent',
  },
]
