import type { LockAdapter } from './adapter.ts'

export const piscina: readonly LockAdapter[] = [
  {
    library: 'piscina 3 to 5, tinypool',
    className: 'ThreadPool',
    fields: ['taskQueue', 'workers'],
    kind: 'queue',
    unit: 'a worker of',
    capacity: 'options.maxThreads',
  },
]
