/**
 * An event loop waits too: a thread that idles in its loop goes on when a timer, a descriptor, a child, a signal or
 * another thread wakes it. Loops whose sources are not known whole have no wait here: they are taken for live.
 */
import type { EventLoop, Request, Resource, Thread } from '../snapshot/model.ts'
import { mayHoldUnseen } from './atomics/completeness.ts'
import type { LockFacts } from './atomics/facts.ts'

/**
 * Adds what the idle threads of one process wait for; `threads` are all of its threads that run JavaScript, `settled` those
 * whose loops were seen in the span that the context switches vouch for.
 */
export function withEventLoops(
  process: string,
  threads: readonly Thread[],
  settled: ReadonlySet<string>,
  facts: LockFacts,
): LockFacts {
  const idle = threads.flatMap(thread => {
    const { loop, undisturbed, looks } = thread
    const stays = undisturbed !== undefined && looks.at(-1)?.activity.kind === 'event-loop'
    // What keeps a loop alive that is alone in its process, Node names; without a port it is something unknown.
    const known = threads.length > 1 || loop?.sources.some(({ kind }) => kind === 'port')
    return loop && stays && known && settled.has(thread.id) ? [{ thread, loop }] : []
  })
  if (idle.length === 0) return facts
  const nobodyRuns = idle.every(({ loop }) => isAsleep(loop)) && restWaits(threads, idle, facts)
  const messages = `${process}/r${facts.resources.length + 1}`
  return {
    holds: facts.holds,
    resources: [
      ...(nobodyRuns ? facts.resources.map(resource => withoutCallbacks(resource, idle)) : facts.resources),
      {
        id: messages,
        sort: 'consumable',
        kind: 'message',
        label: threads.length > 1 ? 'a message from another thread' : 'a message of its own',
        aliases: [],
        process,
        capacity: { unknown: 'messages are not counted' },
        free: 0,
        complete: true,
      },
    ],
    // Ports may have been handed to any thread, and every thread can end or wake a worker.
    productions: [
      ...facts.productions,
      ...threads.map(({ id }) => ({
        party: id,
        resource: messages,
        sure: true,
        how: 'inferred' as const,
        evidence: 'a thread of the same process can send to any loop of it',
      })),
    ],
    waits: [
      ...facts.waits,
      ...idle.map(({ thread, loop }) => ({
        party: thread.id,
        request: requestOf(loop, messages),
        call: 'its event loop',
        at: { unknown: 'no code of it is on the stack' },
        sure: true,
        how: 'observed' as const,
        evidence:
          'the kernel shows it in its event loop, with the timer and the descriptors that this loop waits for',
      })),
    ],
  }
}

/** Nothing but another thread can wake it. */
function isAsleep({ sources, complete }: EventLoop): boolean {
  return complete && !sources.some(source => source.outside)
}

/** Whether all threads but the idle ones wait for something of this process, for as long as it takes. */
function restWaits(
  threads: readonly Thread[],
  idle: readonly { readonly thread: Thread }[],
  { waits }: LockFacts,
): boolean {
  const settled = new Set(idle.map(({ thread }) => thread.id))
  for (const { party, request, sure } of waits)
    if (sure && (request.kind === 'units' || request.kind === 'produced')) settled.add(party)
  return threads.every(({ id }) => settled.has(id))
}

/** A callback of a loop that nobody wakes never comes to give a lock back: its holders are as good as gone. */
function withoutCallbacks(resource: Resource, idle: readonly { readonly thread: Thread }[]): Resource {
  const { complete } = resource
  if (complete === true) return resource
  return idle.some(({ thread }) => complete.unknown === mayHoldUnseen(thread.id))
    ? { ...resource, complete: true }
    : resource
}

function requestOf({ sources, complete }: EventLoop, messages: string): Request {
  const outside = sources.filter(source => source.outside).map(({ text }) => text)
  const unseen = complete ? [] : ['something that its loop waits for and that could not be seen']
  return {
    kind: 'anyOf',
    requests: [
      { kind: 'produced', resource: messages },
      ...[...outside, ...unseen].map((what): Request => ({ kind: 'outside', what })),
    ],
  }
}
