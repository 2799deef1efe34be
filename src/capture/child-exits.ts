/** Waits of one process for the end of another that is looked at too: `execSync`, `spawnSync`, a shell for its command. */
import { type Child, childrenOf } from '../process/children.ts'
import { switches } from '../process/threads.ts'
import {
  type Activity,
  isUnknown,
  type Process,
  type Request,
  type SystemCall,
  type Thread,
} from '../snapshot/model.ts'
import type { Attached } from './attach.ts'
import { isStill } from './native-waits.ts'

type Facts = Attached['facts']

/** Adds what each of them waits for of the others. `now` is the time on the capture's clock. */
export function withChildExits(attached: readonly Attached[], now: number): readonly Attached[] {
  if (attached.length < 2) return attached
  const processes = new Map(attached.map(({ process }) => [process.pid, process]))
  return attached.map(one => withExits(one, processes, now))
}

function withExits(one: Attached, processes: ReadonlyMap<number, Process>, now: number): Attached {
  const { process, facts } = one
  const main = process.threads.find(({ tid }) => tid === process.pid)
  if (main === undefined || facts.waits.some(({ party }) => party === main.id)) return one
  const waited = childWaitedFor(process.pid, main)
  const child = waited && processes.get(waited.pid)
  if (waited === undefined || child === undefined) return one
  const still = isStill(main, switches(process.pid, [process.pid]).get(process.pid))
  return {
    ...one,
    process: {
      ...process,
      threads: process.threads.map(thread =>
        thread === main && still
          ? { ...thread, undisturbed: { from: thread.looks[0]!.at, to: now } }
          : thread,
      ),
    },
    facts: withExit(facts, process, main, child, waited),
  }
}

interface Waited {
  readonly pid: number
  readonly call: string
  readonly timed: boolean
  /** Why it is not sure that it is this child. */
  readonly doubt?: string
}

/** The same call in all looks, and the child that it is about. */
function childWaitedFor(pid: number, main: Thread): Waited | undefined {
  const calls = main.looks.map(({ activity }) => callIn(activity))
  const call = calls.at(-1)
  if (call === undefined || calls.some(other => other?.name !== call.name)) return undefined
  const children = childrenOf(pid, pid).filter(({ state }) => state !== 'Z' && state !== 'X')
  if (isSynchronousSpawn(call)) {
    // A thread that stands in it starts no other: the child is the youngest.
    const child = children.at(-1)
    return child && { ...chosen(child, children), call: 'spawnSync or execSync', timed: hasLimit(call) }
  }
  if (call.name !== 'wait4' && call.name !== 'waitid') return undefined
  // A wait for one child names it; one for any, where there are several, is for the first to end.
  const wanted = Number(BigInt.asIntN(32, BigInt(call.arguments[call.name === 'wait4' ? 0 : 1] ?? 0)))
  const child = children.find(one => one.pid === wanted) ?? (children.length === 1 ? children[0] : undefined)
  return child && { pid: child.pid, call: call.name, timed: false }
}

function chosen(child: Child, children: readonly Child[]): Pick<Waited, 'pid' | 'doubt'> {
  return children.length === 1
    ? { pid: child.pid }
    : { pid: child.pid, doubt: `it has ${children.length} children, of which this is the youngest` }
}

function callIn(activity: Activity): SystemCall | undefined {
  return activity.kind === 'system-call' ? activity.call : undefined
}

/** A loop within the loop: the words are those of the kernel's view, and of the stack from memory. */
function isSynchronousSpawn({ name, meaning }: SystemCall): boolean {
  return name.startsWith('epoll_') && meaning.includes('spawnSync or execSync')
}

/** The time-out of the loop's wait. */
function hasLimit({ name, arguments: given }: SystemCall): boolean {
  return name === 'epoll_pwait2'
    ? BigInt(given[3] ?? 0) !== 0n
    : BigInt.asIntN(32, BigInt(given[3] ?? 0)) >= 0n
}

function withExit(facts: Facts, process: Process, main: Thread, child: Process, waited: Waited): Facts {
  const taken = new Set(facts.resources.map(({ id }) => id))
  let number = facts.resources.length + 1
  while (taken.has(`${process.id}/r${number}`)) number++
  const resource = `${process.id}/r${number}`
  const sure = waited.doubt === undefined
  const frames = main.looks.at(-1)?.frames ?? []
  const own = frames.findIndex(frame => frame.owner === 'program' && frame.kind === 'js')
  const asked: Request = { kind: 'produced', resource }
  // Of Node the main thread ends the process; of another program any thread may.
  const enders = child.threads.filter(({ role }) => child.runtime.name === 'other' || role === 'main')
  return {
    resources: [
      ...facts.resources,
      {
        id: resource,
        sort: 'consumable',
        kind: 'exit',
        label: `the end of process ${child.pid}`,
        aliases: [],
        process: process.id,
        capacity: { unknown: 'a process ends once' },
        free: 0,
        complete: enders.length > 0 ? true : { unknown: 'no thread of it was seen' },
      },
    ],
    holds: facts.holds,
    productions: [
      ...facts.productions,
      ...enders.map(({ id }) => ({
        party: id,
        resource,
        sure,
        how: 'observed' as const,
        evidence: `process ${child.pid} is its child`,
        ...(waited.doubt !== undefined && { doubt: waited.doubt }),
      })),
    ],
    waits: [
      ...facts.waits,
      {
        party: main.id,
        request: waited.timed
          ? { kind: 'anyOf', requests: [asked, { kind: 'deadline', inMs: null, leaves: true }] }
          : asked,
        call: waited.call,
        at: frames[own] ?? { unknown: 'no JavaScript of the program was seen on its stack' },
        ...(own >= 0 && { frame: own }),
        sure,
        how: 'observed',
        evidence: `it stands in ${waited.call}`,
        ...(waited.doubt !== undefined && { doubt: waited.doubt }),
      },
    ],
  }
}
