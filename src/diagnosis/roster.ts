/** Who is who: threads and processes by id, and how a reader knows them. */
import {
  type Frame,
  isUnknown,
  type Process,
  type Snapshot,
  type Task,
  type Thread,
} from '../snapshot/model.ts'
import { functionName } from './frame-text.ts'
import { lastLook } from './stay.ts'

export interface Roster {
  thread(party: string): Thread | undefined
  /** The thread itself, or the one that a task runs on. */
  threadOf(party: string): Thread | undefined
  /** A task whose functions are known. */
  task(party: string): Task | undefined
  /** Whether the suspended functions of a thread are known. */
  hasTasks(thread: string): boolean
  processOf(party: string): Process | undefined
  /** The stack of a thread in its last look, or of a task; innermost first. */
  framesOf(party: string): readonly Frame[]
  /** `the main thread`, `worker 2 "drain"`, `task 3 (transfer) of worker 1`, `process 4711`; with the pid where there are several. */
  name(party: string): string
  /** A reason with the ids of parties in it, as a reader knows them. */
  named(text: string): string
  /** Smaller for those that a reader knows better: main threads, then workers, then all others. */
  rank(party: string): number
}

export function buildRoster(snapshot: Snapshot): Roster {
  const threads = new Map<string, Thread>()
  const processes = new Map<string, Process>()
  for (const process of snapshot.processes) {
    processes.set(process.id, process)
    for (const thread of process.threads) threads.set(thread.id, thread)
  }
  const tasks = new Map(
    snapshot.processes.flatMap(process => (process.tasks ?? []).map(task => [task.id, task] as const)),
  )
  // Of the main thread alone, that they are its tasks goes without saying.
  const spread = new Set([...tasks.values()].map(task => task.thread)).size > 1
  const processOf = (party: string) => processes.get(party.split('/', 1)[0]!)
  const threadOf = (party: string) => threads.get(party) ?? threads.get(party.split('/', 2).join('/'))
  const several = processes.size > 1
  const pidOf = (id: string) => processName(processes.get(id)) ?? id.slice(1)

  const name = (party: string): string => {
    const known = threads.get(party)
    const [process = party, , task] = party.split('/')
    if (known) return threadName(known) + (several ? ` of process ${pidOf(process)}` : '')
    const owner = task === undefined ? undefined : threadOf(party)
    const own = tasks.get(party)
    if (own && owner) {
      const of = owner.role === 'main' && !spread && !several ? '' : ` of ${name(owner.id)}`
      return `task ${task?.slice(1)}${taskName(own)}${of}`
    }
    if (owner) return `task ${task?.slice(1)} of ${name(owner.id)}`
    return party === process ? `process ${pidOf(process)}` : party
  }

  return {
    thread: party => threads.get(party),
    threadOf,
    task: party => tasks.get(party),
    hasTasks: thread => [...tasks.values()].some(task => task.thread === thread),
    framesOf: party => {
      const thread = threads.get(party)
      return (thread ? lastLook(thread)?.frames : tasks.get(party)?.frames) ?? []
    },
    processOf,
    name,
    named: text => text.replace(/\bp\d+(?:-\d+)?\/[tn]\d+(?:\/a\d+)?\b/g, name),
    rank: party => {
      const role = threads.get(party)?.role
      if (role === 'main') return 0
      if (role === 'worker') return 1
      return role ? 2 : 3
    },
  }
}

/** ` (Ledger.post)`: the outermost function of the program in it. */
function taskName({ frames }: Task): string {
  const own = frames.filter(({ owner, function: name }) => owner === 'program' && name !== '(module)')
  const outermost =
    own.findLast(frame => frame.function !== '' && frame.function !== '(anonymous)') ?? own.at(-1)
  const frame = outermost ?? frames.findLast(({ owner }) => owner === 'program') ?? frames.at(-1)
  if (frame === undefined) return ''
  if (frame.function === '(module)')
    return isUnknown(frame.file) ? ' (top level)' : ` (${frame.file.split('/').at(-1)})`
  const named = frame.function !== '' && frame.function !== '(anonymous)'
  if (named || isUnknown(frame.file) || isUnknown(frame.line)) return ` (${functionName(frame)})`
  return ` (line ${frame.line} of ${frame.file.split('/').at(-1)})`
}

/** `4242`, or what tells it from another of that pid: `4242 on api-1`. Undefined for one that was not looked at. */
export function processName(process: Process | undefined): string | undefined {
  return process && (process.label ?? `${process.pid}`)
}

/** How a thread is called within its process. */
export function threadName(thread: Thread): string {
  if (thread.role === 'main') return 'the main thread'
  if (thread.role === 'worker') {
    const own = thread.name.trim()
    const says = own !== '' && !/^(\[?worker( \d+)?\]?|worker ?thread|node$)/i.test(own)
    const named = says ? ` "${own}"` : ''
    // Of one that only the kernel knows, its number among workers is not known.
    if (thread.threadId === null)
      return `a worker${named} (${isUnknown(thread.tid) ? thread.id : `tid ${thread.tid}`})`
    return `worker ${thread.threadId}${named}`
  }
  // Threads of addons have the name of the thread that started them, unless they are given one.
  if (/^(node|MainThread|node-MainThread)$/.test(thread.name) && !isUnknown(thread.tid))
    return `thread ${thread.tid}`
  return `thread ${thread.name === '' ? thread.id : `"${thread.name}"`}`
}

/** For the start of a sentence. */
export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** For headlines: without the article. */
export function bare(name: string): string {
  return name.replace(/^the /, '')
}

/** `a`, `a and b`, `a, b and c`. */
export function list(items: readonly string[]): string {
  return items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`
}

/** The names of parties, no more than `most` of them: `worker 1, worker 2 and 7 more`. */
export function nameList(parties: readonly string[], roster: Roster, most: number): string {
  const names = parties.slice(0, most).map(party => roster.name(party))
  return list(parties.length > most ? [...names, `${parties.length - most} more`] : names)
}

/** `3 threads`, or `3 parties` when not all of them are threads. */
export function partyCount(parties: readonly string[], roster: Roster, adjective = ''): string {
  if (parties.every(party => roster.task(party))) return counted(parties.length, `${adjective}task`)
  return parties.every(party => roster.thread(party))
    ? counted(parties.length, `${adjective}thread`)
    : counted(parties.length, `${adjective}party`, `${adjective}parties`)
}

/** `1 thread`, `3 threads`. */
export function counted(number: number, noun: string, plural = `${noun}s`): string {
  return `${number} ${number === 1 ? noun : plural}`
}
