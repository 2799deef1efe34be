/** All Node processes of this machine that we may look at: what `impasse ps` lists. */
import { statSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { isUnknown, type Unknown } from '../snapshot/model.ts'
import { commandOf } from './command-line.ts'
import { type Executable, imageOf } from './executable.ts'
import { inspectorPort } from './inspector-port.ts'
import type { TcpSocket } from './network-tables.ts'
import { known, numbersIn, readLink, requireLinux, textOf } from './proc.ts'
import { listeners, ownListeners, socketsOf } from './sockets.ts'
import { cpuMs, readStat, type Stat, startTime } from './stat.ts'

import { threadsOf, viewOf } from './threads.ts'

export interface NodeProcess {
  readonly pid: number
  readonly version: string | Unknown
  readonly uptimeMs: number
  /** Of one processor, over a moment: 100 is one thread that computes all the time. */
  readonly cpuPercent: number
  readonly threads: number
  /** What the main thread does now, in words. */
  readonly mainThread: string
  /** Null when no inspector listens. */
  readonly inspectorPort: number | null
  readonly command: string
}

export interface ProcessList {
  readonly processes: readonly NodeProcess[]
  /** Processes of other users that may or may not be Node. */
  readonly unreadable: number
}

/** `sampleMs`: how long the use of the processor is measured. */
export async function nodeProcesses(sampleMs = 200): Promise<ProcessList> {
  requireLinux()
  const { found, unreadable } = findNode()
  const measuredFrom = performance.now()
  await sleep(sampleMs)
  const tables = new Map<string, TcpSocket[]>()
  const processes = found.flatMap(({ pid, image, stat }) => {
    const now = readStat(pid)
    if (now?.startTicks !== stat.startTicks) return []
    return describe(pid, image, now, (cpuMs(now) - cpuMs(stat)) / (performance.now() - measuredFrom), tables)
  })
  return { processes, unreadable }
}

interface Found {
  readonly pid: number
  readonly image: Executable & { kind: 'node' }
  readonly stat: Stat
}

function findNode(): { found: readonly Found[]; unreadable: number } {
  // Most processes share an executable with others; each file is read once.
  const images = new Map<string, Executable>()
  const found: Found[] = []
  let unreadable = 0
  for (const pid of known(numbersIn('/proc')) ?? []) {
    const link = pid === process.pid ? undefined : readLink(`/proc/${pid}/exe`)
    if (link === undefined) continue
    if (isUnknown(link)) {
      // Threads of the kernel have neither an executable nor a command line.
      if (link.unknown.startsWith('no permission') && textOf(`/proc/${pid}/cmdline`)) unreadable++
      continue
    }
    const key = fileKey(pid)
    const image = images.get(key) ?? imageOf(pid, link.replace(/ \(deleted\)$/, ''))
    images.set(key, image)
    const stat = image.kind === 'node' ? readStat(pid) : undefined
    if (image.kind === 'node' && stat && stat.state !== 'Z') found.push({ pid, image, stat })
  }
  return { found, unreadable }
}

/** Names the file that a process runs, also when its path was replaced. */
function fileKey(pid: number): string {
  try {
    const { dev, ino } = statSync(`/proc/${pid}/exe`)
    return `${dev}:${ino}`
  } catch {
    return `process ${pid}`
  }
}

function describe(
  pid: number,
  image: Found['image'],
  stat: Stat,
  load: number,
  tables: Map<string, TcpSocket[]>,
): NodeProcess {
  const main = viewOf(pid, pid, image.arch)
  const network = known(readLink(`/proc/${pid}/ns/net`)) ?? `of ${pid}`
  const sockets = known(socketsOf(pid)) ?? new Map<number, number>()
  if (sockets.size > 0 && !tables.has(network)) tables.set(network, listeners(pid))
  const ports = ownListeners(sockets, tables.get(network) ?? [])
  const threads = ports.length === 0 ? [] : (known(threadsOf(pid, image.arch)) ?? [])
  return {
    pid,
    version: image.version,
    uptimeMs: Date.now() - startTime(stat.startTicks),
    cpuPercent: Math.round(load * 100),
    threads: stat.threads,
    mainThread: main ? stateInWords(main.state, main.systemCall) : 'unknown',
    inspectorPort: inspectorPort(pid, ports, threads, image.arch)?.port ?? null,
    command: commandOf(pid),
  }
}

const states: Record<string, string> = {
  T: 'stopped by a signal',
  t: 'stopped by a tracer',
  Z: 'exited',
  X: 'exited',
}

/** What a thread does, by its state and system call. */
export function stateInWords(state: string, call: { readonly meaning: string } | null | Unknown): string {
  if (states[state]) return states[state]
  if (call === null) return state === 'R' ? 'computes' : 'runs'
  if (isUnknown(call)) return state === 'R' ? 'computes' : 'sleeps'
  return call.meaning
}
