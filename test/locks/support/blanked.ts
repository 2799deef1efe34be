/** A snapshot as rules that recognise nothing would have written it: with the answers, and without what follows from them. */
import { isUnknown, type Snapshot } from '../../../src/snapshot/model.ts'

export function blanked(snapshot: Snapshot): Snapshot {
  const recordings = snapshot.processes.flatMap(({ recording }) =>
    recording === undefined || isUnknown(recording) ? [] : [recording],
  )
  const resources = new Set(recordings.flatMap(recording => recording.resources))
  const asked = new Set(recordings.flatMap(({ stacks }) => stacks.map(({ party }) => party)))
  const others = snapshot.resources.flatMap(({ id }) => (resources.has(id) ? [] : [id]))
  const isOthers = ({ resource }: { readonly resource: string }) => others.includes(resource)
  return {
    ...snapshot,
    resources: snapshot.resources.filter(({ id }) => others.includes(id)),
    holds: snapshot.holds.filter(isOthers),
    productions: snapshot.productions.filter(isOthers),
    waits: snapshot.waits.filter(
      ({ party, request }) =>
        !asked.has(party) || others.some(id => JSON.stringify(request).includes(`"${id}"`)),
    ),
  }
}
