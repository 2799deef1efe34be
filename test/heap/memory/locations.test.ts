/** The places of suspended functions, against what V8 itself tells of each ([[GeneratorLocation]]). */
import { describe, expect, test } from 'vitest'
import WebSocket from 'ws'
import { targetNodes } from '../../support/node-versions.ts'
import { startFixture } from '../../support/spawn-fixture.ts'
import { heapsOf, markedLines, places } from './support.ts'

interface Answer {
  readonly id?: number
  readonly method?: string
  readonly params?: { readonly chunk?: string }
  readonly result?: Record<string, never>
}

/** Speaks the inspector's protocol; collects the parts of heap snapshots. */
async function connect(url: string) {
  const socket = new WebSocket(url)
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
  const waiting = new Map<number, (result: Record<string, never>) => void>()
  const chunks: string[] = []
  socket.on('message', data => {
    const answer = JSON.parse(String(data)) as Answer
    if (answer.method === 'HeapProfiler.addHeapSnapshotChunk') chunks.push(answer.params!.chunk!)
    if (answer.id !== undefined) waiting.get(answer.id)?.(answer.result ?? {})
  })
  let last = 0
  return {
    chunks,
    close: () => socket.close(),
    send: (method: string, params: object = {}) =>
      new Promise<Record<string, never>>(resolve => {
        waiting.set(++last, resolve)
        socket.send(JSON.stringify({ id: last, method, params }))
      }),
  }
}

/** `line:column` of every suspended function of the program, by the inspector. */
async function locations(url: string, script: string): Promise<readonly string[]> {
  const { chunks, close, send } = await connect(url)
  await send('Debugger.enable')
  await send('HeapProfiler.takeHeapSnapshot')
  const { snapshot, nodes, edges, strings } = JSON.parse(chunks.join('')) as {
    snapshot: { meta: { node_fields: string[]; edge_fields: string[] } }
    nodes: number[]
    edges: number[]
    strings: string[]
  }
  const { node_fields: nodeFields, edge_fields: edgeFields } = snapshot.meta
  const [idAt, countAt] = [nodeFields.indexOf('id'), nodeFields.indexOf('edge_count')]
  const nameAt = edgeFields.indexOf('name_or_index')
  const register = strings.indexOf('parameters_and_registers')
  const found: string[] = []
  let edge = 0
  for (let at = 0; at < nodes.length; at += nodeFields.length) {
    let isGenerator = false
    for (let count = nodes[at + countAt]!; count > 0; count--, edge += edgeFields.length)
      if (edges[edge] === 3 && edges[edge + nameAt] === register) isGenerator = true
    if (!isGenerator) continue
    const { result } = await send('HeapProfiler.getObjectByHeapObjectId', {
      objectId: String(nodes[at + idAt]),
    })
    const { internalProperties = [] } = (await send('Runtime.getProperties', {
      objectId: (result as unknown as { objectId: string }).objectId,
      ownProperties: true,
    })) as {
      internalProperties?: {
        name: string
        value?: {
          value: { lineNumber: number; columnNumber: number; scriptId: string }
          description?: string
        }
      }[]
    }
    const state = internalProperties.find(({ name }) => name === '[[GeneratorState]]')?.value as
      | { value?: unknown }
      | undefined
    const location = internalProperties.find(({ name }) => name === '[[GeneratorLocation]]')?.value?.value
    if (state?.value !== 'suspended' || location === undefined) continue
    const { scriptSource = '' } = (await send('Debugger.getScriptSource', {
      scriptId: location.scriptId,
    })) as { scriptSource?: string }
    if (scriptSource.includes(script)) found.push(`${location.lineNumber + 1}:${location.columnNumber + 1}`)
  }
  close()
  return found.sort()
}

describe.each(targetNodes())('Node $major', ({ path }) => {
  test('each place is the one that V8 has', { timeout: 60_000 }, async () => {
    const fixture = await startFixture('async/every-await.mjs', {
      node: path,
      execArgv: ['--inspect=127.0.0.1:0'],
    })
    const count = markedLines('every-await.mjs').size
    const [main] = await heapsOf(fixture.pid, heaps => places(heaps[0]!.graph).length === count)
    const read = places(main!.graph)
    const url = /ws:\S+/.exec(fixture.stderr())![0]
    expect(await locations(url, '// Service.#hidden')).toEqual(read)
  })
})
