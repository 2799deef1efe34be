/** What a thread waits for in poll(2), select(2) or epoll_wait(2): the descriptors, as it gave them to the kernel. */
import { LiveMemory } from '../memory/live-memory.ts'
import { watchedBy, watchedForRoom } from '../process/event-loop.ts'
import { systemCallName } from '../process/system-call-names.ts'
import { type CallInProgress, epollWait } from '../process/system-calls.ts'
import { isUnknown, type Unknown } from '../snapshot/model.ts'

export interface Polled {
  /** `readable`: data to read, or a connection; `writable`: room to write. One may be waited for either. */
  readonly fds: readonly { readonly fd: number; readonly for: 'readable' | 'writable' }[]
  /** Whether the wait ends by itself. */
  readonly timed: boolean
  /** Whether it is a wait of epoll, as event loops use it, whose time limit is the next of many timers. */
  readonly loop: boolean
}

/** Undefined for other calls; unknown where the memory that holds the list cannot be read. */
export function polledBy(pid: number, call: CallInProgress, arch: string): Polled | Unknown | undefined {
  const { arguments: given } = call
  const [first, second, third, , fifth] = given
  switch (systemCallName(call.number, arch)) {
    case 'poll':
      return polled(pid, first!, second!, BigInt.asIntN(32, third!) >= 0n)
    case 'ppoll':
      return polled(pid, first!, second!, third !== 0n)
    case 'select':
    case 'pselect6':
      return selected(pid, Number(BigInt.asIntN(32, first!)), [second!, third!], fifth !== 0n)
  }
  const wait = epollWait(call, arch)
  if (wait === undefined) return undefined
  const watched = watchedBy(pid, wait.fd)
  if (isUnknown(watched)) return watched
  const sending = watchedForRoom(pid, wait.fd)
  const fds = watched.map(fd => ({ fd, for: sending.includes(fd) ? ('writable' as const) : READABLE }))
  return { fds, timed: wait.timeoutMs !== null, loop: true }
}

const READABLE = 'readable' as const

/** Who waits for more than this is no client that waits for an answer. */
const MOST = 1024

/** POLLIN of poll(2). */
const POLLIN = 1

/** An array of `struct pollfd`: a descriptor of 32 bits, what is asked of it and what was answered, 16 bits each. */
function polled(pid: number, address: bigint, count: bigint, timed: boolean): Polled | Unknown {
  if (count > MOST) return { unknown: 'it waits for too many descriptors' }
  const list = bytesAt(pid, address, Number(count) * 8)
  if (isUnknown(list)) return list
  const entries = Array.from({ length: Number(count) }, (_, at) => ({
    fd: list.readInt32LE(at * 8),
    asked: list.readUInt16LE(at * 8 + 4),
  }))
  const fds = entries.flatMap(({ fd, asked }) =>
    // A negative one is passed over.
    fd < 0 ? [] : { fd, for: (asked & POLLIN) === 0 ? ('writable' as const) : READABLE },
  )
  return { fds, timed, loop: false }
}

/** Two sets of bits, to read and to write: words of 64 bits. */
function selected(pid: number, most: number, sets: readonly bigint[], timed: boolean): Polled | Unknown {
  if (most < 0 || most > MOST) return { unknown: 'it waits for too many descriptors' }
  const found = new Map<number, 'readable' | 'writable'>()
  for (const [at, address] of sets.entries()) {
    if (address === 0n) continue
    const bits = bytesAt(pid, address, Math.ceil(most / 64) * 8)
    if (isUnknown(bits)) return bits
    for (let fd = 0; fd < most; fd += 1)
      if ((bits[fd >> 3]! & (1 << (fd & 7))) !== 0 && !found.has(fd))
        found.set(fd, at === 0 ? READABLE : 'writable')
  }
  return { fds: [...found].map(([fd, does]) => ({ fd, for: does })), timed, loop: false }
}

function bytesAt(pid: number, address: bigint, length: number): Buffer | Unknown {
  const memory = LiveMemory.open(pid, 65_536)
  if (isUnknown(memory)) return memory
  try {
    return memory.bytes(Number(address), length) ?? { unknown: 'its list of descriptors cannot be read' }
  } finally {
    memory.close()
  }
}
