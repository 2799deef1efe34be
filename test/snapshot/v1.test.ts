/** What version 1 wrote, as it is read today. */
import { expect, test } from 'vitest'
import { checkedSnapshot } from '../../src/snapshot/file.ts'
import { SNAPSHOT_VERSION } from '../../src/snapshot/upgrade.ts'
import * as scenes from '../report/scenes.ts'

/** As version 1 had it. */
function older(): Record<string, unknown> {
  const { host, processes, ...rest } = JSON.parse(JSON.stringify(scenes.abba()))
  const { name, ...ofHost } = host
  return {
    ...rest,
    version: 1,
    host: ofHost,
    processes: processes.map(({ connections, ...one }: Record<string, unknown>) => ({
      ...one,
      argv: ['node', 'app.js', '--password=hunter2'],
      execArgv: [],
    })),
  }
}

test('a snapshot of version 1 is read, and what it kept of secrets is taken out', async () => {
  const snapshot = await checkedSnapshot(older(), 'old.json')
  expect(snapshot.version).toBe(SNAPSHOT_VERSION)
  expect(snapshot.host.name).toEqual({ unknown: 'snapshots of version 1 do not tell' })
  expect(snapshot.processes[0]?.argv).toEqual(['node', 'app.js', '--password=[redacted]'])
  expect(snapshot.processes[0]?.connections).toEqual([])
  expect(snapshot.waits).toEqual(scenes.abba().waits)
})

test.each([
  [{ format: 'impasse-snapshot', version: 1 }],
  [{ format: 'impasse-snapshot', version: 1, host: null, processes: [7, null, { argv: 'x' }] }],
])('one that is damaged is refused with a sentence: %j', async data => {
  await expect(checkedSnapshot(data, 'old.json')).rejects.toThrow(/old\.json is no valid snapshot/)
})
