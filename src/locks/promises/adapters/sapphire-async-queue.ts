import type { LockAdapter } from './adapter.ts'

export const sapphireAsyncQueue: readonly LockAdapter[] = [
  {
    library: '@sapphire/async-queue 1.5',
    className: 'AsyncQueue',
    fields: ['promises'],
    kind: 'mutex',
  },
]
