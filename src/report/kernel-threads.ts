/** Threads that run no JavaScript, grouped by what they do: `4 V8 workers: futex (waits for work)`. */
import { counted } from '../diagnosis/roster.ts'
import { lastLook } from '../diagnosis/stay.ts'
import { isUnknown, type Thread } from '../snapshot/model.ts'

const nouns: Readonly<Record<string, string>> = {
  'libuv-pool': 'libuv pool thread',
  v8: 'V8 worker',
  inspector: 'inspector thread',
}

export function kernelThreads(threads: readonly Thread[]): readonly string[] {
  const groups = new Map<string, { noun: string; text: string; count: number }>()
  for (const thread of threads) {
    if (thread.role === 'main' || thread.role === 'worker') continue
    const noun = nouns[thread.role] ?? `thread "${thread.name}"`
    const text = stateText(thread)
    const group = groups.get(`${noun} ${text}`) ?? { noun, text, count: 0 }
    group.count++
    groups.set(`${noun} ${text}`, group)
  }
  return [...groups.values()].map(({ noun, text, count }) => `  ${counted(count, noun)}: ${text}`)
}

function stateText(thread: Thread): string {
  const look = lastLook(thread)
  const kernel = look?.kernel
  if (!kernel || isUnknown(kernel)) return kernel ? `not seen: ${kernel.unknown}` : 'not looked at'
  const call = kernel.systemCall
  if (call && !isUnknown(call)) return call.meaning === '' ? call.name : `${call.name} (${call.meaning})`
  return kernel.state === 'R' ? 'runs' : `state ${kernel.state}`
}
