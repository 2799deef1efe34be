/** What the rules found in a snapshot, in the words of the fixtures' marks. */
import type { Snapshot } from '../../../src/snapshot/model.ts'
import type { Mark } from './marks.ts'

export function foundIn(snapshot: Snapshot): readonly Mark[] {
  const threads = new Map(
    snapshot.processes.flatMap(one => one.threads.map(thread => [thread.id, thread.name])),
  )
  const labelFor = (id: string, party: string) => {
    const resource = snapshot.resources.find(one => one.id === id)
    return resource?.aliases.find(alias => alias.party === party)?.label ?? resource?.label ?? id
  }
  const marks: Mark[] = []
  for (const wait of snapshot.waits) {
    const resource = /"resource":"([^"]+)"/.exec(JSON.stringify(wait.request))?.[1]
    if (!resource || 'unknown' in wait.at) continue
    const line = typeof wait.at.line === 'number' ? wait.at.line : -1
    marks.push({
      thread: threads.get(wait.party)!,
      does: 'waits',
      label: labelFor(resource, wait.party),
      line,
    })
  }
  for (const hold of snapshot.holds)
    marks.push({
      thread: threads.get(hold.party)!,
      does: hold.sure ? 'holds' : 'maybe',
      label: labelFor(hold.resource, hold.party),
      line: 'line' in hold.acquiredAt ? hold.acquiredAt.line : -1,
    })
  return marks
}

export function asText(marks: readonly Mark[]): string[] {
  return marks.map(({ thread, does, label, line }) => `${line}: ${thread} ${does} ${label}`).sort()
}
