/** From pids to a snapshot: the only stage that touches a process. */
import { release as kernelRelease } from 'node:os'
import type { Snapshot } from '../snapshot/model.ts'
import { TOOL } from '../version.ts'
import { type Attached, attach } from './attach.ts'
import { Clock } from './clock.ts'
import { type CaptureOptions, DEFAULT_LOOKS, DEFAULT_TIMEOUT_MS } from './options.ts'

/** Looks at one or more processes side by side. Throws an `ImpasseError` when one of them cannot be looked at. */
export async function capture(
  pids: number | readonly number[],
  options: CaptureOptions = {},
): Promise<Snapshot> {
  const clock = new Clock(options.timeoutMs ?? DEFAULT_TIMEOUT_MS)
  const capturedAt = new Date().toISOString()
  const attached: readonly Attached[] = await Promise.all(
    [pids].flat().map(pid => attach(pid, options, clock)),
  )
  const facts = attached.map(({ facts }) => facts)
  return {
    format: 'impasse-snapshot',
    version: 1,
    tool: TOOL,
    host: { platform: process.platform, arch: process.arch, kernel: kernelRelease() },
    capturedAt,
    looks: options.looks ?? DEFAULT_LOOKS,
    cost: { wallMs: clock.now, pausedWaves: Math.max(0, ...attached.map(({ pausedWaves }) => pausedWaves)) },
    processes: attached.map(({ process }) => process),
    resources: facts.flatMap(({ resources }) => resources),
    holds: facts.flatMap(({ holds }) => holds),
    productions: facts.flatMap(({ productions }) => productions),
    waits: facts.flatMap(({ waits }) => waits),
  }
}
