/** From pids to a snapshot: the only stage that touches a process. */
import { hostname, release as kernelRelease } from 'node:os'
import { ImpasseError } from '../errors.ts'
import { textOf } from '../process/proc.ts'
import { identify } from '../process/target.ts'
import type { Snapshot } from '../snapshot/model.ts'
import { SNAPSHOT_VERSION } from '../snapshot/upgrade.ts'
import { TOOL } from '../version.ts'
import { type Attached, attach } from './attach.ts'
import { Clock } from './clock.ts'
import { wantedPort } from './node-flags.ts'
import { BETWEEN_LOOKS_MS, type CaptureOptions, DEFAULT_LOOKS, DEFAULT_TIMEOUT_MS } from './options.ts'

/**
 * Looks at one or more processes side by side. Throws an `ImpasseError` when one of them cannot be looked at, unless
 * `onFailure` takes it and others are left. Where a single one waits for a child that is connected to it, the child is
 * looked at too, from outside.
 */
export async function capture(
  pids: number | readonly number[],
  options: CaptureOptions = {},
): Promise<Snapshot> {
  const clock = new Clock(options.timeoutMs ?? DEFAULT_TIMEOUT_MS)
  const capturedAt = new Date().toISOString()
  const wanted = [...new Set([pids].flat())]
  const named = await attachAll(wanted, wanted.length > 1 ? { ...options, together: true } : options, clock)
  const [single, second] = named
  const apart =
    single === undefined || second !== undefined ? named : await withAsking(single, options, clock)
  const attached =
    apart.length < 2 ? apart : await (await import('./between-processes.ts')).withWaitsBetween(apart, clock)
  const facts = attached.map(({ facts }) => facts)
  return {
    format: 'impasse-snapshot',
    version: SNAPSHOT_VERSION,
    tool: TOOL,
    host: hostHere(),
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

/** What waits for no child needs nothing of that to be loaded. */
async function withAsking(one: Attached, options: CaptureOptions, clock: Clock) {
  const { pid, threads } = one.process
  const main = threads.find(({ tid }) => tid === pid)
  if (main?.looks.at(-1)?.activity.kind !== 'system-call') return [one]
  const { withChildrenThatAsk } = await import('./children-that-ask.ts')
  return withChildrenThatAsk(one, options, clock)
}

function hostHere(): Snapshot['host'] {
  const boot = textOf('/proc/sys/kernel/random/boot_id')?.trim()
  return {
    name: hostname(),
    platform: process.platform,
    arch: process.arch,
    kernel: kernelRelease(),
    ...(boot !== undefined && { boot }),
  }
}

async function attachAll(
  pids: readonly number[],
  options: CaptureOptions,
  clock: Clock,
): Promise<readonly Attached[]> {
  const attaching = takeTurnsByPort(pids, options, clock)
  const { onFailure } = options
  if (onFailure === undefined || pids.length === 1) return Promise.all(attaching)
  const settled = await Promise.allSettled(attaching)
  const failures = settled.flatMap((result, at) =>
    result.status === 'rejected' ? [{ pid: pids[at]!, error: result.reason as unknown }] : [],
  )
  for (const { error } of failures) if (!isOfOne(error)) throw error
  const attached = settled.flatMap(result => (result.status === 'fulfilled' ? [result.value] : []))
  // The last one is thrown where nothing else is left to tell.
  const told = attached.length > 0 ? failures : failures.slice(0, -1)
  for (const { pid, error } of told) if (isOfOne(error)) onFailure(pid, error)
  if (attached.length === 0 && failures.length > 0) throw failures.at(-1)!.error
  return attached
}

/**
 * Side by side, but for those whose inspectors would open the same port: these one after the other, with shorter looks,
 * since a port has one holder at a time.
 */
function takeTurnsByPort(
  pids: readonly number[],
  options: CaptureOptions,
  clock: Clock,
): readonly Promise<Attached>[] {
  if (pids.length === 1) return pids.map(pid => attach(pid, options, clock))
  const ports = pids.map(portWanted)
  const last = new Map<number, Promise<unknown>>()
  return pids.map((pid, at) => {
    const port = ports[at]
    if (port === undefined || port === 0) return attach(pid, options, clock)
    const others = ports.filter(other => other === port).length
    const between = Math.max(BETWEEN_LOOKS_MS, (options.betweenLooksMs ?? BETWEEN_LOOKS_MS) / others)
    const turn = (last.get(port) ?? Promise.resolve()).then(() =>
      attach(pid, { ...options, betweenLooksMs: between }, clock),
    )
    last.set(
      port,
      turn.catch(() => undefined),
    )
    return turn
  })
}

/** Undefined for a process that is no Node, or may not be looked at. */
function portWanted(pid: number): number | undefined {
  try {
    return wantedPort(identify(pid))
  } catch {
    return undefined
  }
}

/** A failure that says nothing about the other processes: neither a bug nor an interruption. */
function isOfOne(error: unknown): error is ImpasseError {
  return error instanceof ImpasseError && error.code !== 'IMPASSE_INTERRUPTED'
}
