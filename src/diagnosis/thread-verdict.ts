/** The verdict on one JavaScript thread. */
import { isUnknown, type Thread } from '../snapshot/model.ts'
import { waitingChain } from './chain.ts'
import type { Edge, Finding, Standstill, ThreadVerdict } from './diagnosis.ts'
import { doing, idlesUnasked, inLoopCall, ownFrame, stackWasRead } from './doing.ts'
import { frameText } from './frame-text.ts'
import type { Reduction } from './reduction.ts'
import { bare, type Roster } from './roster.ts'
import { cpuBetween, loopTurned, standstill } from './standstill.ts'
import { lastLook, leftItsWait, sameFrames } from './stay.ts'
import { hasWaitingTask, mutualChain } from './task-waits.ts'
import { waitingText } from './waiting-text.ts'
import { waitsOf } from './waits-for-graph.ts'

export interface Evidence {
  readonly reduction: Reduction
  readonly roster: Roster
  /** By party: the finding that it is part of or a victim of. */
  readonly stuck: ReadonlyMap<string, Finding>
  readonly jobWaits: ReadonlySet<string>
}

/** A verdict with what a finding about the thread is made from. */
export interface Judged extends ThreadVerdict {
  readonly still?: Standstill
  /** It stands in a call of the system or of native code, not in a wait of the program. */
  readonly native?: boolean
}

export function judge(thread: Thread, evidence: Evidence): Judged {
  const { reduction, roster, stuck, jobWaits } = evidence
  const process = roster.processOf(thread.id)
  const say = (status: Judged['status'], summary: string, more: Partial<Judged> = {}): Judged => ({
    thread: thread.id,
    status,
    summary,
    chain: [],
    ...more,
  })

  const finding = stuck.get(thread.id)
  const number = reduction.graph.partyNumber.get(thread.id)!
  const [wait] = waitsOf(reduction.graph, thread.id)
  const look = lastLook(thread)
  const chain = wait ? waitingChain(thread.id, reduction) : []
  if (finding) {
    // Behind a proved deadlock, but only by an unsure edge: then that much is suspected.
    const itself = finding.parties.includes(thread.id) || finding.victims.includes(thread.id)
    const proved = finding.status === 'deadlock' && (!itself || !reduction.proof.live[number])
    const own = finding.edges.filter(({ from }) => from === thread.id).slice(0, 1)
    const held = own.length > 0 ? own : chain
    const what = wait ? waitingText(thread, wait, held, reduction.graph, roster) : doing(thread, process)
    return say(proved ? 'deadlock' : 'suspected', what, { chain })
  }
  if (!look) return say('idle', 'was not looked at')
  // Its functions may have nothing to do with each other, and something from outside can still come to each of them.
  const mutual = mutualChain(thread.id, reduction, roster)
  if (mutual.length > 0) return say('blocked', mutualText(mutual), { chain: mutual })
  if (thread.looks.every(({ activity }) => activity.kind === 'event-loop'))
    return say('idle', 'is in its event loop')

  // Node 24 keeps the loops of threads that wait for Web Locks turning (nodejs/node#62644): that is no work.
  if (thread.looks.every(turnsItsLoop) && hasWaitingTask(thread.id, reduction))
    return say('idle', 'turns its event loop without end, while a function of it waits for a lock')

  const what = doing(thread, process)
  switch (look.activity.kind) {
    case 'event-loop':
      return judgeLoop()
    case 'stopped':
      return say('blocked', what)
    case 'unknown':
      return judgeUnseen()
    case 'parked':
      if (leftItsWait(thread, wait))
        return say(
          'healthy',
          `was parked in ${look.activity.in}${placed(' in ')} and has moved on between the looks`,
        )
      if (jobWaits.has(thread.id)) return say('idle', `waits for a job${placed(' in ')}`)
      return say('blocked', wait ? waitingText(thread, wait, chain, reduction.graph, roster) : what, {
        chain,
      })
    case 'system-call':
      return judgeCall()
    case 'running':
      return judgeRunning()
  }

  function judgeRunning(): Judged {
    const always = thread.looks.every(({ activity }) => inCall(activity.kind))
    const still = always ? standstill(thread) : undefined
    if (still) return say('busy', busyText(still), { still, chain })
    if (!stackWasRead(thread)) {
      if (loopTurned(thread) === true) return say('healthy', 'runs, and its event loop turns')
      // Work and a spin lock that nobody gives back look alike to the kernel.
      if (thread.looks.every(({ activity }) => !inLoopCall(activity)))
        return say('busy', 'runs, and whether it gets on is not known: its stack was not read')
      return say('healthy', 'runs, and was in its event loop between the looks')
    }
    return say('healthy', progressText())
  }

  /** A call of the system, seen in all looks: it stands there, unless it spends CPU time around it. */
  function judgeCall(): Judged {
    if (idlesUnasked(thread)) return judgeLoop()
    const blocked = wait
      ? say('blocked', waitingText(thread, wait, chain, reduction.graph, roster), { chain })
      : say('blocked', what, { native: true })
    if (thread.looks.length < 2) return blocked
    const [first] = thread.looks
    const stays =
      thread.looks.every(({ activity }) => activity.kind === 'system-call') &&
      sameFrames(first!.frames, look!.frames) &&
      !(cpuBetween(thread) ?? 0) &&
      !(wakes(thread) && !stackWasRead(thread))
    if (stays) return blocked
    return inLoopCall(look!.activity) ? judgeLoop() : judgeRunning()
  }

  /** Waiting in its event loop is never work. */
  function judgeLoop(): Judged {
    return thread.looks.every(({ activity }) => inLoopCall(activity))
      ? say('idle', 'is in its event loop')
      : say('healthy', 'has come back to its event loop between the looks')
  }

  /** It did not answer: the kernel's word is all there is, and without it nothing is claimed. */
  function judgeUnseen(): Judged {
    if (isUnknown(look!.kernel)) return say('idle', what)
    const unseen = thread.looks.every(({ activity }) => activity.kind === 'unknown')
    const works = (cpuBetween(thread) ?? 0) > 0 || look!.kernel.state === 'R'
    if (!unseen) return works ? say('healthy', progressText()) : say('idle', what)
    return works
      ? say('busy', 'runs in native code, or does not answer: no JavaScript frame could be seen')
      : say('blocked', 'does not answer: it stands in native code or in a call of the system', {
          native: true,
        })
  }

  function busyText(still: Standstill): string {
    const own = ownFrame(still.stayed) ?? still.stayed[0]
    if (own === undefined) return `has not come back to its event loop in ${thread.looks.length} looks`
    return `has not come back from one call in ${thread.looks.length} looks: ${frameText(own, process)}`
  }

  /** `ran encode (codec.mjs:8:3), then flush (out.mjs:30:12)`. */
  function progressText(): string {
    if (thread.looks.length === 1) return `${what}; one look cannot tell whether it gets on`
    const places = thread.looks
      .map(({ frames }) => ownFrame(frames))
      .map(frame => frame && frameText(frame, process))
    const seen = places.filter((place, at) => place !== undefined && place !== places[at - 1])
    return seen.length > 1 ? `ran ${seen.join(', then ')}` : what
  }

  /** `waits for Web Lock 'B', held by worker 1, which waits for Web Lock 'A', held by the main thread`. */
  function mutualText(chain: readonly Edge[]): string {
    const parts = chain.map(({ resource, from, to }) => {
      const holder = roster.threadOf(to)?.id
      const isOwn = holder !== undefined && holder === roster.threadOf(from)?.id
      const name = isOwn ? 'itself' : roster.name(holder ?? to)
      return `waits for ${resource.label}, held by ${name}`
    })
    return `in its event loop ${parts.join(', which ')}`
  }

  function placed(before: string): string {
    const frame = ownFrame(look!.frames)
    return frame ? `${before}${frameText(frame, process)}` : ''
  }
}

/** It has left the wait that the kernel shows between the looks. */
function wakes({ looks }: Thread): boolean {
  const [first, last] = [looks[0]?.kernel, looks.at(-1)?.kernel]
  if (!first || !last || isUnknown(first) || isUnknown(last)) return false
  return first.voluntarySwitches !== last.voluntarySwitches
}

/** No JavaScript on its stack, and yet not at rest, or not for long. */
function turnsItsLoop({ frames, activity: { kind } }: Thread['looks'][number]): boolean {
  return frames.length === 0 && (kind === 'event-loop' || inCall(kind))
}

function inCall(kind: Thread['looks'][number]['activity']['kind']): boolean {
  return kind === 'running' || kind === 'system-call'
}

/** `main thread waits for …`: a thread's summary as a sentence of its own. */
export function withName({ thread, summary }: ThreadVerdict, roster: Roster): string {
  return `${bare(roster.name(thread))} ${summary}`
}
