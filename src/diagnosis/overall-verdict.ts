import { type Finding, type Status, statuses, type ThreadVerdict, type Verdict } from './diagnosis.ts'
import { stackWasRead } from './doing.ts'
import { counted, list, processName, type Roster } from './roster.ts'
import { withName } from './thread-verdict.ts'

/** The verdict on several threads: that of the worst; `idle` only when all of them are. */
export function overallVerdict(
  threads: readonly ThreadVerdict[],
  findings: readonly Finding[],
  roster: Roster,
): Verdict {
  const status = worst(threads.map(thread => thread.status))
  const ids = new Set(threads.map(({ thread }) => thread))
  const finding = findings.find(
    ({ status: its, parties, victims }) =>
      its === status && [...parties, ...victims].some(party => ids.has(roster.threadOf(party)?.id ?? party)),
  )
  if (finding) {
    const blamed = finding.parties.some(party => ids.has(roster.threadOf(party)?.id ?? party))
    return { status, summary: blamed ? finding.title : `waits behind others: ${finding.title}` }
  }
  const same = threads.filter(thread => thread.status === status)
  const [first] = same
  if (!first) return { status: 'idle', summary: 'no JavaScript thread was seen' }
  if (status === 'idle') return { status, summary: idleSummary(same, roster) }
  if (status === 'healthy') {
    const seenOnce = roster.thread(first.thread)?.looks.length === 1
    if (seenOnce) return { status, summary: withName(first, roster) }
    return { status, summary: `work is being done: ${withName(first, roster)}` }
  }
  // Those in the same line are named already.
  const inLine = new Set([first.thread, ...first.chain.map(({ to }) => to)])
  const others = same.filter(({ thread }) => !inLine.has(thread)).length
  const more =
    others > 0 ? `; ${counted(others, 'other thread')} ${others === 1 ? 'is' : 'are'} ${status} too` : ''
  return { status, summary: withName(first, roster) + more }
}

/** Worst first in the table; but where somebody works, the others' idling is no verdict on the whole. */
export function worst(all: readonly Status[]): Status {
  const found = statuses.find(status => all.includes(status)) ?? 'idle'
  return found === 'idle' && all.includes('healthy') ? 'healthy' : found
}

function idleSummary(threads: readonly ThreadVerdict[], roster: Roster): string {
  const jobs = threads.filter(({ summary }) => summary.startsWith('waits for a job')).length
  const loops = threads.length - jobs
  const head =
    loops === 1 ? withName(threads[0]!, roster) : `${counted(loops, 'thread')} are in their event loops`
  const pool = jobs === 0 ? '' : `, ${counted(jobs, 'worker')} ${jobs === 1 ? 'waits' : 'wait'} for a job`
  return `${head}${pool}; nothing points to a hang${unseenText(threads, roster)}`
}

/** Without an inspector the kernel was asked, and memory: where that showed no stack, the verdict weighs less. */
function unseenText(threads: readonly ThreadVerdict[], roster: Roster): string {
  const processes = new Set(threads.flatMap(({ thread }) => roster.processOf(thread) ?? []))
  const closed = [...processes].filter(
    ({ inspector, core }) => inspector.access === 'none' && core === undefined,
  )
  const unread = threads.filter(({ thread }) => {
    const process = roster.processOf(thread)
    const seen = roster.thread(thread)
    return process !== undefined && closed.includes(process) && seen !== undefined && !stackWasRead(seen)
  })
  const unseen = closed.filter(process => unread.some(({ thread }) => roster.processOf(thread) === process))
  if (unseen.length === 0) return ''
  const none =
    unread.length === threads.filter(({ thread }) => closed.includes(roster.processOf(thread)!)).length
  const of =
    unseen.length === processes.size
      ? ''
      : ` of process ${list(unseen.map(process => processName(process)!))}`
  return none
    ? `, but no JavaScript stack${of} could be seen`
    : `, but not all JavaScript stacks${of} could be seen`
}
