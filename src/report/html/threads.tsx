/** Every thread that runs JavaScript, grouped by equal stacks, and those of the kernel in lines. */
import type { Diagnosis } from '../../diagnosis/diagnosis.ts'
import { bare, capital, counted, nameList, processName, type Roster } from '../../diagnosis/roster.ts'
import { taskPhrases } from '../../diagnosis/task-waits.ts'
import type { Snapshot, Thread } from '../../snapshot/model.ts'
import { kernelThreads } from '../kernel-threads.ts'
import { activityText, cpuText, loopText, tidText } from '../thread-text.ts'
import { Stack } from './stack.tsx'
import { anchor, groupThreads, type ThreadGroup } from './thread-groups.ts'

/** Opened from the start. */
const open = 6
/** A page stays below some 5 MB: when so many frames are shown, the stacks after them are cut. */
const mostFrames = 12_000
const fewFrames = 5
const manyFrames = 200

interface ThreadsProps {
  readonly snapshot: Snapshot
  readonly diagnosis: Diagnosis
  readonly roster: Roster
}

export function Threads({ snapshot, diagnosis, roster }: ThreadsProps) {
  let shown = 0
  const groups = groupThreads(snapshot, diagnosis).map((group, at) => {
    const most = shown < mostFrames ? manyFrames : fewFrames
    shown += Math.min(most, group.frames.length)
    return { group, most, opened: at < open && group.blame !== 'victim' }
  })
  return (
    <section aria-labelledby="threads">
      <h2 id="threads">Threads</h2>
      <p class="search">
        <label>
          Search <input id="search" type="search" placeholder="name, function, file" />
        </label>{' '}
        <span id="found" role="status" />
      </p>
      {groups.map(({ group, most, opened }) => (
        <Group group={group} most={most} opened={opened} snapshot={snapshot} roster={roster} />
      ))}
      {snapshot.processes.map(process => {
        const lines = kernelThreads(process.threads)
        return (
          lines.length > 0 && (
            <details>
              <summary>Threads without JavaScript, process {processName(process)}</summary>
              <ul>
                {lines.map(line => (
                  <li>{line.trim()}</li>
                ))}
              </ul>
            </details>
          )
        )
      })}
    </section>
  )
}

interface GroupProps {
  readonly group: ThreadGroup
  readonly most: number
  readonly opened: boolean
  readonly snapshot: Snapshot
  readonly roster: Roster
}

function Group({ group, most, opened, snapshot, roster }: GroupProps) {
  const { threads, status, frames, process, blame } = group
  const ids = threads.map(({ id }) => id)
  return (
    <details class="group" open={opened}>
      <summary>
        <span class={`status ${status}`}>{status}</span>{' '}
        {threads.length > 1 && <strong>{counted(threads.length, 'thread')} with one stack: </strong>}
        {capital(bare(nameList(ids, roster, 4)))}
        {blame === 'victim' && <span class="note"> waits behind the others</span>}
      </summary>
      <ul class="threads">
        {threads.map(thread => (
          <li id={anchor(thread.id)} tabIndex={-1}>
            <ThreadLine thread={thread} snapshot={snapshot} roster={roster} />
          </li>
        ))}
      </ul>
      <Stack frames={frames} process={process} most={most} />
    </details>
  )
}

function ThreadLine({
  thread,
  snapshot,
  roster,
}: {
  readonly thread: Thread
  readonly snapshot: Snapshot
  readonly roster: Roster
}) {
  const facts = [tidText(thread), activityText(thread), cpuText(thread), loopText(thread)]
  return (
    <>
      <strong>{bare(roster.name(thread.id))}</strong> {facts.filter(fact => fact !== '').join(' · ')}
      {taskPhrases(thread.id, snapshot, roster).map(phrase => (
        <div>{phrase}</div>
      ))}
    </>
  )
}
