/**
 * The expressions that run in a target without V8's check for side effects, each with its reason. Everything else that
 * Impasse evaluates is refused by V8 as soon as it would change anything.
 */
export const allowedExpressions = {
  /** How often the event loop has turned: a native getter, of which V8 cannot know that it only reads. Since 20.18. */
  loopTurns: 'performance.nodeTiming?.uvMetricsInfo?.loopCount',
  /** The names of what keeps the loop alive; native, and since 17.3. */
  activeResources: 'process.getActiveResourcesInfo?.()',
  /** Held and pending locks; a promise, and asked only of a thread that has used its lock manager. Since 24.5. */
  webLocks: "navigator.locks?.constructor?.name === 'LockManager' ? navigator.locks.query() : undefined",
  /** Ends an inspector that Impasse opened. */
  endInspector: 'process._debugEnd()',
} as const
