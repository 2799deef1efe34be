import { expect, test } from 'vitest'
import { diagnose } from '../../src/diagnosis/diagnose.ts'
import { renderText } from '../../src/report/text.ts'
import { mergeSnapshots } from '../../src/snapshot/merge.ts'
import type { Process, Snapshot } from '../../src/snapshot/model.ts'
import { idle } from './scenes.ts'

function on(name: string, pid: number, connections: Process['connections']): Snapshot {
  const scene: Snapshot = JSON.parse(JSON.stringify(idle()).replaceAll('4242', String(pid)))
  return {
    ...scene,
    host: { ...scene.host, name },
    processes: scene.processes.map(process => ({ ...process, connections })),
  }
}

const report = (...parts: Snapshot[]) => {
  const named = parts.map(snapshot => ({ name: `${snapshot.processes[0]?.pid}`, snapshot }))
  const merged = mergeSnapshots(named as [(typeof named)[0]])
  return renderText(merged, diagnose(merged))
}

test('processes of two machines are told to be joined when both ends are seen, and nothing is claimed of it', () => {
  const text = report(
    on('api', 100, [
      { local: '10.0.0.1:40112', peer: '10.0.0.2:5432' },
      { local: '10.0.0.1:8080', peer: '10.9.9.9:50000' },
    ]),
    on('db', 200, [{ local: '10.0.0.2:5432', peer: '10.0.0.1:40112' }]),
  )
  expect(text).toMatch(/^IDLE/)
  expect(text).toContain('  100 on api (10.0.0.1:40112)  ──  200 on db (10.0.0.2:5432)\n')
  expect(text.match(/──/g)).toHaveLength(1)
})

test('one end alone, and a process with itself, are not told', () => {
  const own = [
    { local: '127.0.0.1:80', peer: '127.0.0.1:40000' },
    { local: '127.0.0.1:40000', peer: '127.0.0.1:80' },
  ]
  expect(report(on('a', 100, own), on('b', 200, []))).not.toContain('CONNECTIONS')
})
