/** Locks of the C library in an addon: who holds them stands in their memory; healthy twins stay quiet. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { capture } from '../../src/capture/capture.ts'
import { captureCore } from '../../src/capture/core.ts'
import { diagnose } from '../../src/diagnosis/diagnose.ts'
import { restMark } from '../../src/memory/thread-stack.ts'
import type { Snapshot } from '../../src/snapshot/model.ts'
import { buildAddon, hasCompiler } from '../support/native-addon.ts'
import { targetNodes } from '../support/node-versions.ts'
import { fixturePath, startFixture } from '../support/spawn-fixture.ts'
import { kernelWritesCores, writeCore } from '../support/write-core.ts'
import { progress } from './support.ts'

let addon = { file: '', remove: () => {} }
beforeAll(() => {
  if (hasCompiler) addon = buildAddon()
})
afterAll(() => addon.remove())

const program = 'native-locks/hangs.cjs'
const file = fixturePath(program)

async function start(node: string, way: string) {
  return startFixture(program, { node, execArgv: ['--inspect-port=0'], args: [addon.file, way] })
}

/** The main thread does not move any more. */
async function settled(pid: number): Promise<void> {
  for (let round = 0; round < 50; round++) {
    const before = restMark(pid, pid)
    await new Promise(resolve => setTimeout(resolve, 100))
    if (before !== undefined && before === restMark(pid, pid)) return
  }
  throw new Error('it does not come to rest')
}

function told(snapshot: Snapshot) {
  const { verdict, findings } = diagnose(snapshot)
  return { verdict, kinds: findings.map(({ kind }) => kind), finding: findings[0]! }
}

describe.runIf(hasCompiler).each(targetNodes())('Node $major', ({ path }) => {
  test('a mutex that the main thread takes twice', async () => {
    const { pid } = await start(path, 'self')
    await settled(pid)
    const began = Date.now()
    const snapshot = await capture(pid)
    // Nobody waits for an inspector that cannot open.
    expect(Date.now() - began).toBeLessThan(5000)
    const { verdict, kinds, finding } = told(snapshot)
    expect(verdict.status).toBe('deadlock')
    expect(kinds).toEqual(['reentrancy'])
    expect(finding.parties).toEqual([`p${pid}/t0`])
    expect(finding.waits[0]).toMatchObject({
      call: 'pthread_mutex_lock',
      at: { function: 'takeAgain', file, line: 25 },
    })
    const [resource] = snapshot.resources
    expect(resource).toMatchObject({
      kind: 'mutex',
      complete: true,
      label: expect.stringMatching(/locks\.node/),
    })
    const native = snapshot.processes[0]!.threads[0]!.looks[0]!.frames.filter(({ kind }) => kind === 'native')
    expect(native.map(frame => frame.function)).toEqual(
      expect.arrayContaining(['pthread_mutex_lock', 'take_mutex', 'lock']),
    )
  })

  test.each([
    ['abba', 'mutex', 'takeBoth', 19],
    ['rwlock', 'read-write lock', 'writeThenRead', 32],
  ])('%s: main and a worker, each with its line', async (way, kind, name, line) => {
    const { pid } = await start(path, way)
    await settled(pid)
    const snapshot = await capture(pid)
    const { verdict, kinds, finding } = told(snapshot)
    expect(verdict.status).toBe('deadlock')
    expect(kinds).toEqual(['cycle'])
    expect(finding.parties).toHaveLength(2)
    expect(finding.parties[0]).toBe(`p${pid}/t0`)
    expect(finding.cycle.map(({ from, to }) => [from, to])).toEqual([
      finding.parties,
      [...finding.parties].reverse(),
    ])
    for (const edge of finding.cycle) {
      expect(edge.resource.kind).toBe(kind)
      expect(edge.sure).toBe(true)
      expect(edge.wait.at).toMatchObject({ function: name, file, line })
    }
  })

  test('two workers beside a healthy main thread', async () => {
    const { pid } = await start(path, 'two workers')
    const snapshot = await capture(pid)
    const { verdict, kinds, finding } = told(snapshot)
    expect(verdict.status).toBe('deadlock')
    expect(kinds).toEqual(['cycle'])
    expect(finding.parties).toEqual([`p${pid}/t1`, `p${pid}/t2`])
    for (const { wait } of finding.cycle) expect(wait.at).toMatchObject({ function: 'takeBoth', line: 19 })
    // The main thread may not be at rest while its memory is read.
    const gaps = snapshot.processes[0]!.gaps.filter(({ what }) => what !== 'suspended async functions')
    expect(gaps).toEqual([])
  })

  test('a thread that is waited for needs a mutex of who waits', async () => {
    const { pid } = await start(path, 'join')
    await settled(pid)
    const { verdict, finding } = told(await capture(pid))
    expect(verdict.status).toBe('deadlock')
    expect(finding.parties).toEqual([`p${pid}/t0`, expect.stringMatching(`^p${pid}/n\\d+$`)])
    expect(finding.waits[0]).toMatchObject({
      call: 'pthread_join',
      at: { function: 'waitForThread', line: 38 },
    })
  })

  test('a holder that sleeps will go on: blocked, and who holds it', async () => {
    const { pid } = await start(path, 'held by a sleeper')
    await settled(pid)
    const { verdict, threads } = diagnose(await capture(pid))
    expect(verdict.status).toBe('blocked')
    expect(threads[0]?.summary).toMatch(/waits for the mutex .* in wait .*held by/)
  })

  test('a recursive mutex lets its owner in again; contended ones are no deadlock', async () => {
    const recursive = await start(path, 'recursive')
    await settled(recursive.pid)
    expect(told(await capture(recursive.pid)).verdict.status).toBe('blocked')
    const moving = await start(path, 'take turns')
    await progress(moving)
    for (let count = 0; count < 6; count++) {
      const { kinds } = told(await capture(moving.pid, { inspector: count % 2 === 0 }))
      expect(kinds.filter(kind => kind !== 'native-block' && kind !== 'busy-loop')).toEqual([])
    }
    await progress(moving)
  })

  test.runIf(kernelWritesCores)('the same from a core', async () => {
    const core = await writeCore('kernel', program, { node: path, args: [addon.file, 'abba'] }, settled)
    const { verdict, finding } = told(await captureCore(core.file))
    expect(verdict.status).toBe('deadlock')
    expect(finding.cycle.map(({ wait }) => wait.at)).toMatchObject([
      { function: 'takeBoth', line: 19 },
      { function: 'takeBoth', line: 19 },
    ])
  })
})
