/** From a pid to an inspector connection: the one that listens already, else one that SIGUSR1 opens. */
import { findEndpoint } from '../inspector/endpoint.ts'
import type { InspectedProcess } from '../inspector/inspected-process.ts'
import { inspectorPort } from '../process/inspector-port.ts'
import { isPrivateLoop } from '../process/main-loop.ts'
import { enterNetwork } from '../process/namespaces.ts'
import { canSignal, signalReceiver, swallowed } from '../process/signal-safety.ts'
import { holderOfPort, type ListeningPort, listeningPorts, socketsOf } from '../process/sockets.ts'
import { readStat } from '../process/stat.ts'
import { describeCall, epollWait, readSystemCall } from '../process/system-calls.ts'
import { sameProcess, type Target } from '../process/target.ts'
import { threadsOf } from '../process/threads.ts'
import { isUnknown } from '../snapshot/model.ts'
import { type Clock, sleep } from './clock.ts'
import { beginInterval } from './cut.ts'
import { mayBeNativeLock, nativeFutex } from './native-futex.ts'
import { DEFAULT_PORT, inspectsFromStart, wantedPort } from './node-flags.ts'

export interface Opened {
  readonly inspected: InspectedProcess
  readonly access: 'opened' | 'reused'
  readonly port: number
}

/** Why no inspector could be had, and what to do about it. */
export interface Closed {
  readonly reason: string
  readonly remedy: string
}

const CONNECT_MS = 1000
/** A thread that can act on the signal has mostly done so by then; the stack of one that has not is read. */
const UNWIND_MS = 120

/**
 * Connects to the target's inspector. Throws only when the process has gone. `memory`: where the main thread stands may be read from
 * its memory. `onSignal` runs when the target has been asked to open it, and has some milliseconds of work to do.
 */
export async function openInspector(
  target: Target,
  clock: Clock,
  memory = true,
  onSignal: () => void = () => {},
): Promise<Opened | Closed> {
  if (target.namespaces.network === false) {
    return {
      reason:
        'It runs in another network namespace (a container), and its inspector listens on the loopback device there.',
      remedy: `Attach from inside: ${enterNetwork(target.pid)}`,
    }
  }
  const safe = canSignal(target)
  // Stopped or frozen, it would answer nobody; a debugger that traces it would get what is meant for Node.
  if (safe !== 'yes' && (safe.kind === 'stopped' || safe.kind === 'frozen' || safe.kind === 'traced'))
    return safe
  const before = ownPorts(target.pid)
  const listening = await firstInspector(likelyInspectors(target, before), clock)
  if (listening !== undefined) return connect(listening, 'reused', clock)

  if (safe !== 'yes') return safe
  const stuck = await stuckOutside(target, memory)
  if (stuck !== undefined) return outsideOfJavaScript(stuck)
  sameProcess(target)
  // What nobody has the time to close is not opened.
  if (clock.expired) return outOfTime(clock)
  process.kill(signalReceiver(target), 'SIGUSR1')
  onSignal()
  const opened = await awaitPort(target, before, clock, memory)
  if (opened === 'native') return stillKept(outsideOfJavaScript('futex: it waits in a lock of native code'))
  if (opened !== undefined) {
    const endpoint = await firstInspector([opened], clock)
    if (endpoint !== undefined) return connect(endpoint, 'opened', clock)
    if (clock.expired) return outOfTime(clock)
    return {
      reason: `It opened its inspector on port ${opened.port}, which then did not answer within ${CONNECT_MS} ms.`,
      remedy: 'Try again; a firewall on the loopback device may be in between.',
    }
  }
  // It may have listened all the time, on a port that nothing announces.
  const silent = await firstInspector(before.filter(isLoopback), clock)
  if (silent !== undefined) return connect(silent, 'reused', clock)
  return clock.expired ? outOfTime(clock) : notOpened(target)
}

/** The bound of the whole, not the target, is why. */
export function outOfTime({ totalMs }: Clock): Closed {
  return {
    reason: `The time limit given with --timeout (${totalMs} ms) ran out before its inspector was open and had answered.`,
    remedy: 'Give it more time: an idle machine needs about a second, and 10s is the default.',
  }
}

/** The wait is over without a port: says which of the known reasons it is. */
function notOpened(target: Target): Closed {
  const holder = portHolder(target)
  if (holder !== undefined) {
    return {
      reason: `Its inspector wants port ${wantedPort(target)}, which belongs to ${holder}.`,
      remedy: 'End that one, or start this program with --inspect-port=0, which takes any free port.',
    }
  }
  const call = nativeCall(target)
  if (call === undefined) return readStat(target.pid)?.state === 'R' ? computes : swallowed
  return stillKept(outsideOfJavaScript(call))
}

/** It runs, but neither in JavaScript nor in its event loop, or its own listener took the signal. */
const computes: Closed = {
  reason:
    'SIGUSR1 was delivered, but no inspector opened: its main thread computes in native code, or the program has its own SIGUSR1 listener.',
  remedy:
    'Look again with --allow-stop, which may stop it for some milliseconds to read its stack. The inspector may open by itself later on.',
}

function stillKept({ reason, remedy }: Closed): Closed {
  return { reason, remedy: `${remedy} The inspector opens by itself then, because the signal is kept.` }
}

function outsideOfJavaScript(call: string): Closed {
  return {
    reason: `Its main thread is in a call outside of JavaScript (${call}) and can open no inspector before that returns.`,
    remedy: 'Look again when the call has returned.',
  }
}

/** The call that the main thread rests in, when signalling would do nothing but leave an inspector open later on. */
async function stuckOutside(target: Target, memory: boolean): Promise<string | undefined> {
  const { pid } = target
  if (memory && mayBeNativeLock(target)) {
    const lock = await nativeFutex(target)
    if (lock !== undefined) return `futex: it waits in ${lock}`
  }
  if (nativeCall(target) === undefined) return undefined
  const unmoved = beginInterval(pid, [pid], () => 0)
  // What reads its stack is loaded meanwhile.
  await Promise.all([sleep(20), memory ? import('./memory-frames.ts') : undefined])
  return unmoved().has(pid) ? nativeCall(target) : undefined
}

/**
 * Only the port that the inspector's own thread watches; where that thread is at work just now, those that Node was
 * told or takes by default: a program's own server is not asked for a target list.
 */
function likelyInspectors(target: Target, ports: readonly ListeningPort[]): readonly ListeningPort[] {
  if (ports.length === 0) return []
  const threads = threadsOf(target.pid, target.runtime.arch)
  const watched = isUnknown(threads)
    ? undefined
    : inspectorPort(target.pid, ports, threads, target.runtime.arch)
  if (watched !== undefined) return [watched]
  const told = inspectsFromStart(target)
  return ports.filter(
    port => port.port === DEFAULT_PORT || port.port === wantedPort(target) || (told && isLoopback(port)),
  )
}

function isLoopback({ address }: ListeningPort): boolean {
  return address.startsWith('127.') || address === '::1'
}

/** Who sits on the port that the target would take. */
function portHolder(target: Target): string | undefined {
  const port = wantedPort(target)
  if (port === 0) return undefined
  const holder = holderOfPort(port, target.pid)
  return holder === undefined || holder.pid === target.pid
    ? undefined
    : `process ${holder.pid} (${holder.command})`
}

function ownPorts(pid: number): readonly ListeningPort[] {
  const ports = listeningPorts(pid)
  return isUnknown(ports) ? [] : ports
}

/** The first of these ports that answers as an inspector. */
async function firstInspector(ports: readonly ListeningPort[], clock: Clock) {
  for (const { address, port } of ports) {
    const host = address === '0.0.0.0' ? '127.0.0.1' : address === '::' ? '::1' : address
    const endpoint = await findEndpoint(host, port, clock.limit(CONNECT_MS)).catch(() => undefined)
    if (endpoint !== undefined) return { port, url: endpoint.webSocketUrl }
  }
  return undefined
}

async function connect(
  { port, url }: { port: number; url: string },
  access: Opened['access'],
  clock: Clock,
): Promise<Opened | Closed> {
  try {
    const { InspectedProcess } = await import('../inspector/inspected-process.ts')
    return { inspected: await InspectedProcess.connect(url, clock.limit(CONNECT_MS)), access, port }
  } catch (error) {
    if (clock.expired) return outOfTime(clock)
    return {
      reason: `Its inspector on port ${port} refused a session: ${(error as Error).message}.`,
      remedy: 'Try again, or close other debuggers first.',
    }
  }
}

/** A port of the target that was not there before the signal. Gives up early on a main thread that cannot act on it. */
async function awaitPort(
  target: Target,
  before: readonly ListeningPort[],
  clock: Clock,
  memory: boolean,
): Promise<ListeningPort | 'native' | undefined> {
  const known = new Set(before.map(port => port.inode))
  const until = clock.now + clock.limit(2000)
  const stuckUntil = clock.now + clock.limit(500)
  const unwindAt = clock.now + UNWIND_MS
  let unwound = !memory
  let sockets = ''
  for (let wait = 1; ; wait = Math.min(wait * 1.3, 20)) {
    // The kernel's list of all ports costs milliseconds: it is read only when the process has a new socket.
    const now = socketsOf(target.pid)
    const seen = isUnknown(now) ? '' : [...now.keys()].join()
    if (seen !== sockets) {
      const port = ownPorts(target.pid).find(({ inode }) => !known.has(inode))
      if (port !== undefined) return port
      // The port may come between two readings: the same sockets are looked at once more.
      if (wait > 2) sockets = seen
    }
    sameProcess(target)
    if (clock.now > until || (clock.now > stuckUntil && (idles(target) || nativeCall(target) !== undefined)))
      return undefined
    if (!unwound && clock.now > unwindAt) {
      unwound = true
      if ((await nativeFutex(target)) !== undefined) return 'native'
    }
    await sleep(wait)
  }
}

/**
 * Where the main thread stands when that is outside of JavaScript and of its event loop, which both act on the signal
 * at once: `undefined` elsewhere.
 */
function nativeCall({ pid, runtime }: Target): string | undefined {
  const call = readSystemCall(pid, pid)
  if (call === null || isUnknown(call)) return undefined
  const loop = epollWait(call, runtime.arch)
  if (loop !== undefined)
    return isPrivateLoop(pid, loop.fd, runtime.arch) === true
      ? 'spawnSync or execSync waits for a child'
      : undefined
  const described = describeCall(pid, pid, call, runtime.arch)
  return described.name === 'futex' ? undefined : `${described.name}: ${described.meaning}`
}

/** The main thread rests in its event loop, where Node would have acted on the signal at once. */
export function idles({ pid, runtime }: Target): boolean {
  const call = readSystemCall(pid, pid)
  const loop = call === null || isUnknown(call) ? undefined : epollWait(call, runtime.arch)
  return loop !== undefined && isPrivateLoop(pid, loop.fd, runtime.arch) === false
}
