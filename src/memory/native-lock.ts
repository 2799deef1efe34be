/**
 * What a thread waits for that sleeps in a lock of glibc, from the lock's memory: glibc keeps in it who holds it
 * (sysdeps/nptl/bits/struct_mutex.h and struct_rwlock.h for x86-64, 2.30 and later; sysdeps/x86/nptl).
 */
import type { Memory } from './memory.ts'

export type NativeWait =
  | {
      readonly kind: 'mutex'
      readonly address: number
      /** As the process itself numbers its threads. */
      readonly owner: number
      readonly timed: boolean
    }
  | {
      readonly kind: 'read-write lock'
      readonly address: number
      readonly mode: 'shared' | 'exclusive'
      /** 0 where none holds it for writing. */
      readonly writer: number
      /** How many hold it for reading; who they are, it does not know. */
      readonly readers: number
      readonly timed: boolean
    }
  /** Until another thread has ended (pthread_join). */
  | { readonly kind: 'thread'; readonly address: number; readonly thread: number; readonly timed: boolean }

/** Arguments of futex(2). */
export interface FutexCall {
  readonly address: number
  readonly operation: number
  readonly value: number
  readonly timed: boolean
}

const WAIT = 0
const WAIT_BITSET = 9
/** FUTEX_WAIT_BITSET with FUTEX_CLOCK_REALTIME and without FUTEX_PRIVATE_FLAG. */
const JOIN = 9 | 256
const LOCK_PI = 6
const LOCK_PI2 = 13
/** The largest number of a thread (PID_MAX_LIMIT of the kernel). */
const MOST = 2 ** 22

/** `functions`: the names of the native functions that the thread stands in, innermost first, as far as they have names. */
export function nativeWait(
  memory: Memory,
  { address, operation, value, timed }: FutexCall,
  functions: readonly string[],
): NativeWait | undefined {
  const [innermost = ''] = functions
  const command = operation & 127
  const name = innermost.replace(/^_+/, '')
  if (/^pthread_mutex_(lock|timedlock|clocklock)$/.test(name)) {
    const word = memory.uint32(address)
    const owner = memory.int32(address + 8)
    if (word === undefined || owner === undefined) return undefined
    // With priority inheritance, and in a robust mutex, the word itself names the owner.
    const inWord = command === LOCK_PI || command === LOCK_PI2
    const holder = inWord ? word & 0x3fffffff : owner
    const sleeps = inWord || (command === WAIT && value !== 0)
    if (!sleeps || word === 0 || !isThread(holder)) return undefined
    return { kind: 'mutex', address, owner: holder, timed }
  }
  const locks = /^pthread_rwlock_(?:timed|clock)?(rd|wr)lock$/.exec(name)
  if (locks !== null && (command === WAIT || command === WAIT_BITSET)) {
    // It sleeps on one of two words of it: that of the phase, at 8, or that of the writers, at 12.
    for (const base of [address - 8, address - 12]) {
      const lock = readWriteLockAt(memory, base)
      if (lock === undefined) continue
      const mode = locks[1] === 'rd' ? 'shared' : 'exclusive'
      return { kind: 'read-write lock', address: base, mode, ...lock, timed }
    }
    return undefined
  }
  // It ends in a function without an exported name. No other wait of the C library is one that processes can share.
  if (/^pthread_(join|timedjoin_np|clockjoin_np|clockjoin_ex)$/.test(name) || operation === JOIN) {
    const thread = memory.int32(address)
    return thread === value && isThread(thread) ? { kind: 'thread', address, thread, timed } : undefined
  }
  return undefined
}

/** Undefined where nobody holds it, or the words do not fit together. */
function readWriteLockAt(
  memory: Memory,
  base: number,
): { readonly writer: number; readonly readers: number } | undefined {
  const [readers, writer, shared] = [memory.uint32(base), memory.int32(base + 24), memory.int32(base + 28)]
  if (readers === undefined || writer === undefined || (shared !== 0 && shared !== 1)) return undefined
  const count = readers >>> 3
  if (writer !== 0) return isThread(writer) && (readers & 2) !== 0 ? { writer, readers: 0 } : undefined
  return count > 0 && count < MOST ? { writer: 0, readers: count } : undefined
}

function isThread(number: number | undefined): number is number {
  return number !== undefined && number > 0 && number <= MOST
}
