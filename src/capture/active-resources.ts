/**
 * What Node itself says keeps a loop alive (`process.getActiveResourcesInfo()`, since 17.3), beside what the kernel shows:
 * timers are counted there, and requests of the thread pool have no descriptor.
 */
import type { EventLoop, LoopSource } from '../snapshot/model.ts'

/** Of Node's names (lib/internal/process, src/async_wrap.h), those that no descriptor stands for. */
const SOURCES: Readonly<Record<string, { kind: string; noun: string; outside: boolean }>> = {
  Timeout: { kind: 'timer', noun: 'timer', outside: true },
  Immediate: { kind: 'timer', noun: 'immediate callback', outside: true },
  MessagePort: { kind: 'port', noun: 'message port', outside: false },
  FSReqCallback: { kind: 'pool work', noun: 'file request', outside: true },
  FSReqPromise: { kind: 'pool work', noun: 'file request', outside: true },
  GetAddrInfoReqWrap: { kind: 'pool work', noun: 'name lookup', outside: true },
  GetNameInfoReqWrap: { kind: 'pool work', noun: 'name lookup', outside: true },
  ZLIB: { kind: 'pool work', noun: 'compression', outside: true },
  PBKDF2REQUEST: { kind: 'pool work', noun: 'key derivation', outside: true },
  SCRYPTREQUEST: { kind: 'pool work', noun: 'key derivation', outside: true },
  RANDOMBYTESREQUEST: { kind: 'pool work', noun: 'request for random bytes', outside: true },
}

/** A loop with the resources that Node names, `names` as they came from the target. */
export function withActiveResources(loop: EventLoop, names: unknown): EventLoop {
  if (!Array.isArray(names)) return loop
  const counts = new Map<string, number>()
  for (const name of names) {
    const noun = Object.hasOwn(SOURCES, String(name)) ? SOURCES[String(name)]!.noun : undefined
    if (noun !== undefined) counts.set(noun, (counts.get(noun) ?? 0) + 1)
  }
  const named = Object.values(SOURCES)
    .filter(({ noun }, index, all) => all.findIndex(other => other.noun === noun) === index)
    .flatMap(({ kind, noun, outside }): LoopSource[] => {
      const count = counts.get(noun)
      const due = noun === 'timer' ? dueText(loop) : ''
      return count === undefined ? [] : [{ kind, text: counted(count, noun) + due, outside }]
    })
  // The kernel's view of a timer is one and the same, whoever set it.
  const others = counts.has('timer') ? loop.sources.filter(({ kind }) => kind !== 'timer') : loop.sources
  return { ...loop, sources: [...named, ...others] }
}

/** `, due 98 ms after the wait began`: the next wake-up that the loop asked the kernel for. */
function dueText({ sources }: EventLoop): string {
  const due = /, due .*/.exec(sources.find(({ kind }) => kind === 'timer')?.text ?? '')?.[0]
  return due === undefined ? '' : due.replace(', due', ', the next due')
}

function counted(count: number, noun: string): string {
  if (count === 1) return `1 ${noun}`
  const plural = /^request for/.test(noun) ? noun.replace('request', 'requests') : `${noun}s`
  return `${count} ${plural}`
}
