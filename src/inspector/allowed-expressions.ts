/**
 * The expressions that run in a target without V8's check for side effects, each with its reason. Everything else that
 * Impasse evaluates is refused by V8 as soon as it would change anything.
 */
export const allowedExpressions = {
  /**
   * How often the event loop has turned. V8 cannot know that these native getters only read. Before 20.18 and 22.8,
   * which count turns, the loop's cached time serves: it changes with each turn, and a timer that is cancelled at once
   * tells it (lib/internal/timers.js).
   */
  loopTurns: `(() => {
    const metrics = performance.nodeTiming?.uvMetricsInfo
    if (metrics !== undefined) return metrics.loopCount
    const timer = setTimeout(() => {}, 1)
    clearTimeout(timer)
    return timer._idleStart
  })()`,
  /** The names of what keeps the loop alive; native, since 17.3. */
  activeResources: 'process.getActiveResourcesInfo?.()',
  /** Ends an inspector that Impasse opened. */
  endInspector: 'process._debugEnd()',
} as const
