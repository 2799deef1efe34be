/** Threads that run no JavaScript: Node's own that wait for work in one line, the others grouped by what they do. */
import { callText } from '../diagnosis/doing.ts'
import { counted } from '../diagnosis/roster.ts'
import { lastLook } from '../diagnosis/stay.ts'
import { isUnknown, type SystemCall, type Thread } from '../snapshot/model.ts'

/** What Node itself starts: how a few of them are called, and one. */
const own: Readonly<Record<string, { readonly short: string; readonly noun: string }>> = {
  v8: { short: 'V8', noun: 'V8 worker' },
  'libuv-pool': { short: 'libuv pool', noun: 'libuv pool thread' },
  inspector: { short: 'inspector', noun: 'inspector thread' },
}

export function kernelThreads(threads: readonly Thread[]): readonly string[] {
  const waiting = new Map<string, number>()
  const groups = new Map<string, { noun: string; plural: string; text: string; count: number }>()
  for (const thread of threads) {
    const { role, name } = thread
    if (role === 'main' || role === 'worker') continue
    const kind = own[role]
    if (kind && waitsForWork(thread)) {
      waiting.set(kind.short, (waiting.get(kind.short) ?? 0) + 1)
      continue
    }
    const noun = kind?.noun ?? `thread "${name}"`
    const plural = kind ? `${noun}s` : `threads "${name}"`
    const text = stateText(thread)
    const group = groups.get(`${noun} ${text}`) ?? { noun, plural, text, count: 0 }
    group.count++
    groups.set(`${noun} ${text}`, group)
  }
  const others = [...groups.values()].map(
    ({ noun, plural, text, count }) => `  ${counted(count, noun, plural)}: ${text}`,
  )
  return [...waitingLine(waiting), ...others]
}

/** `10 threads of Node itself (5 V8, 4 libuv pool, 1 inspector): waiting for work`. */
function waitingLine(waiting: ReadonlyMap<string, number>): readonly string[] {
  const counts = Object.values(own).flatMap(({ short }) => {
    const count = waiting.get(short)
    return count === undefined ? [] : [{ short, count }]
  })
  if (counts.length === 0) return []
  const all = counts.reduce((sum, { count }) => sum + count, 0)
  const parts = counts.map(({ short, count }) => `${count} ${short}`).join(', ')
  return [`  ${counted(all, 'thread')} of Node itself (${parts}): waiting for work`]
}

function waitsForWork(thread: Thread): boolean {
  const call = callOf(thread)
  if (lastLook(thread)?.activity.kind === 'event-loop') return true
  if (call === undefined) return false
  return (
    call.name.startsWith('epoll_') || (call.name.startsWith('futex') && call.meaning.startsWith('waits '))
  )
}

function callOf(thread: Thread): SystemCall | undefined {
  const look = lastLook(thread)
  const kernel = look?.kernel
  // In a core there is no kernel to ask.
  if (kernel && isUnknown(kernel) && look.activity.kind === 'system-call') return look.activity.call
  if (!kernel || isUnknown(kernel) || !kernel.systemCall || isUnknown(kernel.systemCall)) return undefined
  return kernel.systemCall
}

function stateText(thread: Thread): string {
  const call = callOf(thread)
  if (call) return callText(call)
  const kernel = lastLook(thread)?.kernel
  if (lastLook(thread)?.activity.kind === 'running') return 'runs'
  if (!kernel || isUnknown(kernel)) return kernel ? `not seen: ${kernel.unknown}` : 'not looked at'
  return kernel.state === 'R' ? 'runs' : kernel.state === 'S' ? 'sleeps' : `state ${kernel.state}`
}
