/** Waits of threads that stand in a call which only another captured process can end: reads, writes, locks of files. */
import { mayHaveAlarm } from '../process/alarms.ts'
import { descriptor, inWords } from '../process/descriptors.ts'
import { hasLock, lockAwaited } from '../process/file-locks.ts'
import { systemCallName } from '../process/system-call-names.ts'
import { readSystemCall } from '../process/system-calls.ts'
import { isUnknown, type SystemCall, type Thread, type Unknown } from '../snapshot/model.ts'
import type { Attached } from './attach.ts'
import type { Asked } from './between-facts.ts'
import type { Found } from './between-processes.ts'
import { actors, type Givers, type Peers } from './peers.ts'

const reading = new Set(['read', 'readv', 'recvfrom', 'recvmsg'])
const writing = new Set(['write', 'writev', 'sendto', 'sendmsg'])
/** F_SETLKW and F_OFD_SETLKW of fcntl(2). */
const LOCKING = new Set([7, 38])

/** What the blocked threads of one process wait for of the others. */
export async function blockedCalls({ process, facts }: Attached, peers: Peers): Promise<readonly Found[]> {
  const { pid, id, runtime } = process
  const found: Found[] = []
  for (const thread of actors(process)) {
    const call = callInAll(thread)
    if (call === undefined || typeof thread.tid !== 'number') continue
    if (facts.waits.some(({ party }) => party === thread.id)) continue
    if (!standsIn(pid, thread.tid, call, runtime.arch)) continue
    const asked = withIdle(await askedBy(pid, call, peers), peers)
    if (asked === undefined || isUnknown(asked)) continue
    if (!asked.parties.some(party => !party.startsWith(`${id}/`))) continue
    const alarm = { kind: 'deadline' as const, inMs: null, leaves: true }
    const others = mayHaveAlarm(pid) ? [alarm] : []
    found.push({ thread: thread.id, waiting: { asked: [asked], others, call: call.name } })
  }
  return found
}

/** A program that reads, at rest until an idle one has something for it (`cat`, an interpreter), may be as it should be. */
function withIdle(asked: Asked | Unknown | undefined, peers: Peers): Asked | Unknown | undefined {
  if (asked === undefined || isUnknown(asked) || asked.kind !== 'data') return asked
  const why = 'it is only idle, and nothing shows that it means to send anything'
  return { ...asked, unsure: new Map(peers.idle(asked.parties).map(party => [party, why])) }
}

/** Now, as in the looks. */
function standsIn(pid: number, tid: number, call: SystemCall, arch: string): boolean {
  const now = readSystemCall(pid, tid)
  if (now === null || isUnknown(now)) return false
  return (
    systemCallName(now.number, arch) === call.name && now.arguments[0] === BigInt(call.arguments[0] ?? -1)
  )
}

/** The same call on the same descriptor in all looks. */
function callInAll({ looks }: Thread): SystemCall | undefined {
  const calls = looks.map(({ activity }) => (activity.kind === 'system-call' ? activity.call : undefined))
  const call = calls.at(-1)
  const same = calls.every(other => other?.name === call?.name && other?.arguments[0] === call?.arguments[0])
  return same ? call : undefined
}

async function askedBy(
  pid: number,
  { name, arguments: given }: SystemCall,
  peers: Peers,
): Promise<Asked | Unknown | undefined> {
  const fd = Number(BigInt.asIntN(32, BigInt(given[0] ?? -1)))
  if (reading.has(name)) return through(await peers.through(pid, fd, 'read'), 'data')
  if (writing.has(name)) return through(await peers.through(pid, fd, 'write'), 'room')
  const locks = name === 'flock' || (name === 'fcntl' && LOCKING.has(Number(given[1])))
  return locks ? lockOf(pid, fd, peers) : undefined
}

function through(givers: Givers | Unknown, kind: 'data' | 'room'): Asked | Unknown {
  return isUnknown(givers) ? givers : { ...givers, sort: 'consumable', kind }
}

/** The lock that it waits for, with all that have the file open by which it is held. */
function lockOf(pid: number, fd: number, peers: Peers): Asked | Unknown {
  const lock = lockAwaited(pid)
  const file = descriptor(pid, fd)
  if (lock === undefined || isUnknown(file)) return { unknown: 'which lock it is does not show' }
  const found = peers.holders(file.link)
  const holders = found.holders.filter(holder => hasLock(holder.pid, lock))
  return {
    ...peers.having({ ...found, holders }, pid),
    sort: 'reusable',
    kind: 'file lock',
    key: `file lock ${lock.kind} ${lock.file} ${lock.range}`,
    label: `the lock of ${inWords(file).replace(/ \(fd \d+\)$/, '')}`,
    evidence: 'the kernel lists the lock with this process',
  }
}
