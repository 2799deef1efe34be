/**
 * V8's heap snapshot of a thread, over its inspector. It begins with a full garbage collection and stops the thread while
 * it is written, so that it is taken only where somebody asked for it or it is known to be cheap.
 */
import type { HeapPlace } from '../heap/graph.ts'
import type { InspectedThread } from '../inspector/inspected-thread.ts'
import { pathOf } from '../sources/script-url.ts'
import type { Clock } from './clock.ts'

/** Each needs a walk over the heap. */
const mostPositions = 200
const POSITION_MS = 4000

export async function takeHeapSnapshot(
  thread: InspectedThread,
  readFile: (path: string) => string | undefined,
  clock: Clock,
  deadlineMs: number,
) {
  const [{ HeapSnapshotParser }, { SnapshotGraph }] = await Promise.all([
    import('../heap/snapshot/heap-snapshot.ts'),
    import('../heap/snapshot/snapshot-graph.ts'),
  ])
  const { session } = thread
  const parser = new HeapSnapshotParser()
  session.on('HeapProfiler.addHeapSnapshotChunk', ({ chunk }) => parser.write(chunk))
  if (!thread.enabled) await thread.enable(clock.limit(deadlineMs))
  const taken = await session.send(
    'HeapProfiler.takeHeapSnapshot',
    { captureNumericValue: true, reportProgress: false },
    clock.limit(deadlineMs),
  )
  const snapshot = taken.ok ? parser.result : undefined
  if (snapshot === undefined) return { unknown: taken.ok ? 'the snapshot is not whole' : taken.message }
  const url = (scriptId: number) => thread.scripts.get(String(scriptId))?.url ?? ''
  const texts = new Map<number, string | undefined>()
  return new SnapshotGraph(snapshot, {
    url,
    text: scriptId => {
      if (!texts.has(scriptId)) {
        const path = pathOf(url(scriptId))
        texts.set(scriptId, path === undefined ? undefined : readFile(path))
      }
      return texts.get(scriptId)
    },
    locate: async objectIds => {
      const places = new Map<number, HeapPlace>()
      for (const objectId of objectIds.slice(0, mostPositions)) {
        if (clock.expired) break
        const place = await locate(thread, objectId, clock.limit(POSITION_MS))
        if (place !== undefined)
          places.set(objectId, {
            script: url(Number(place.scriptId)),
            scriptId: Number(place.scriptId),
            line: place.lineNumber + 1,
            column: (place.columnNumber ?? 0) + 1,
          })
      }
      return places
    },
  })
}

/** Where a suspended function stands: `[[GeneratorLocation]]`. */
async function locate({ session }: InspectedThread, objectId: number, deadlineMs: number) {
  const object = await session.send(
    'HeapProfiler.getObjectByHeapObjectId',
    { objectId: String(objectId), objectGroup: 'impasse' },
    deadlineMs,
  )
  const remote = object.ok ? object.result.result.objectId : undefined
  if (remote === undefined) return undefined
  const reply = await session.send(
    'Runtime.getProperties',
    { objectId: remote, ownProperties: true },
    deadlineMs,
  )
  const value = reply.ok
    ? reply.result.internalProperties?.find(({ name }) => name === '[[GeneratorLocation]]')?.value?.value
    : undefined
  return value as { scriptId: string; lineNumber: number; columnNumber?: number } | undefined
}
