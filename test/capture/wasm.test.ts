import { describe, expect, test } from 'vitest'
import { capture, diagnose, render } from '../../src/index.ts'
import { targetNodes } from '../support/node-versions.ts'
import { runImpasse } from '../support/run-impasse.ts'
import { startFixture } from '../support/spawn-fixture.ts'
import { kernelWritesCores, writeCore } from '../support/write-core.ts'
import { asleep } from './support.ts'

interface SeenFrame {
  readonly function: string
  readonly kind: string
  readonly file: string
  readonly column: number
}

async function look(
  file: string,
  { options = [], ...more }: { args?: readonly string[]; node?: string; options?: readonly string[] } = {},
) {
  const fixture = await startFixture(`wasm/${file}`, { execArgv: ['--inspect-port=0'], ...more })
  if (options.includes('--no-inspector')) {
    await asleep(fixture.pid)
    const snapshot = await capture(fixture.pid, { inspector: false })
    return JSON.parse(await render(snapshot, diagnose(snapshot), 'json'))
  }
  const { stdout, stderr } = await runImpasse([String(fixture.pid), '--json', ...options])
  expect(stderr).toBe('')
  return JSON.parse(stdout)
}

const stackOf = (thread: { frames: readonly SeenFrame[] }) =>
  thread.frames
    .filter(({ file }) => !file.startsWith('node:'))
    .map(frame => `${frame.kind} ${frame.function}`)

describe.each(targetNodes())('a thread that WebAssembly parked, on Node $major', ({ path: node }) => {
  test('seems to take a mutex twice: through a callback into the same module', async () => {
    const report = await look('reentered-mutex.mjs', { node })
    expect(report.verdict.status).toBe('suspected')
    const [finding] = report.findings
    expect(finding.kind).toBe('reentrancy')
    const [{ at, acquiredAt }] = finding.cycle
    expect([at.function, at.kind, acquiredAt.function, acquiredAt.kind]).toEqual([
      'put',
      'wasm',
      'put',
      'wasm',
    ])
    expect(at.column).toBe(acquiredAt.column)
    expect(finding.doubts).toHaveLength(1)
    const [{ label, holders }] = report.resources
    expect(label).toBe('word 68 of the wasm memory')
    expect(holders).toMatchObject([{ sure: false, how: 'inferred' }])
    const [main] = report.processes[0].threads
    expect(main.activity).toEqual({ kind: 'parked', in: 'memory.atomic.wait32', timeoutMs: null })
    expect(stackOf(main)).toEqual([
      'wasm lock',
      'wasm put',
      'js onPut',
      'wasm put',
      'js submit',
      'js (module)',
    ])
  })
})

describe.each(targetNodes())('threads that WebAssembly parked, on Node $major', ({ path: node }) => {
  test('have the numbers of their functions where the module has no names', async () => {
    const report = await look('reentered-mutex.mjs', { args: ['nameless'], node })
    expect(report.verdict.status).toBe('suspected')
    expect(stackOf(report.processes[0].threads[0])[0]).toBe('wasm wasm-function[1]')
  })

  test('seem to wait for each other', async () => {
    const report = await look('abba-workers.mjs', { node })
    expect(report.verdict.status).toBe('suspected')
    const [finding] = report.findings
    expect(finding.kind).toBe('cycle')
    expect(finding.parties.map((id: string) => id.split('/')[1])).toEqual(['t1', 't2'])
    const waits = finding.cycle.map(
      (edge: { request: { resource: string } }) =>
        report.resources.find(({ id }: { id: string }) => id === edge.request.resource).label,
    )
    expect(waits).toEqual(['word 32 of the wasm memory', 'word 16 of the wasm memory'])
  })

  test.each([
    ['other-queue.mjs', 'word 132 of the wasm memory'],
    ['switched-queue.mjs', 'word 132 of the wasm memory'],
    ['released-first.mjs', 'word 68 of the wasm memory'],
    ['counted-slots.mjs', 'word 64 of the wasm memory'],
    // No code tells it; what V8's own function was called with does.
    ['address-in-global.mjs', 'word 64 of the wasm memory'],
  ])('may wait for what still can come: %s', async (file, label) => {
    const report = await look(file, { node })
    expect(report.verdict.status).toBe('blocked')
    expect(report.findings).toEqual([])
    const main = report.resources.find(({ waiters }: { waiters: readonly string[] }) =>
      waiters.some(id => id.endsWith('/t0')),
    )
    expect(main.label).toBe(label)
  })

  test('are idle when they wait for a job', async () => {
    const report = await look('parked-pool.mjs', { node })
    expect(report.verdict.status).toBe('idle')
    const workers = report.processes[0].threads.filter(({ role }: { role: string }) => role === 'worker')
    expect(workers.map(({ verdict }: { verdict: { status: string } }) => verdict.status)).toEqual([
      'idle',
      'idle',
    ])
    // Both wait on the same word.
    const words = report.resources.filter(({ kind }: { kind: string }) => kind !== 'message')
    expect(words).toHaveLength(1)
  })
})

describe.each(targetNodes())('the same without the inspector, on Node $major', ({ path: node }) => {
  const options = ['--no-inspector']

  test('a mutex that is taken twice', async () => {
    const report = await look('reentered-mutex.mjs', { node, options })
    expect(report.verdict.status).toBe('suspected')
    const [finding] = report.findings
    expect(finding.kind).toBe('reentrancy')
    const [{ at, acquiredAt }] = finding.cycle
    expect([at.function, at.kind, acquiredAt.function]).toEqual(['put', 'wasm', 'put'])
    expect(at.column).toBe(acquiredAt.column)
    expect(report.resources[0].label).toBe('word 68 of the wasm memory')
    const own = report.processes[0].threads[0].frames.filter(({ kind }: SeenFrame) => kind !== 'native')
    expect(stackOf({ frames: own })).toEqual([
      'wasm lock',
      'wasm put',
      'js onPut',
      'wasm put',
      'js submit',
      'js (module)',
    ])
  })

  test('two workers that wait for each other', async () => {
    const report = await look('abba-workers.mjs', { node, options })
    expect(report.verdict.status).toBe('suspected')
    const [finding] = report.findings
    expect(finding.kind).toBe('cycle')
    expect(finding.parties.map((id: string) => id.split('/')[1])).toEqual(['t1', 't2'])
  })

  test.each([
    ['released-first.mjs', 'blocked'],
    ['counted-slots.mjs', 'blocked'],
    ['parked-pool.mjs', 'idle'],
  ])('nothing is found where something can come: %s', async (file, status) => {
    const report = await look(file, { node, options })
    expect([report.verdict.status, report.findings]).toEqual([status, []])
  })
})

test.runIf(kernelWritesCores)('and from a core', async () => {
  const { file } = await writeCore('kernel', 'wasm/reentered-mutex.mjs', {}, asleep)
  const { stdout } = await runImpasse(['core', file, '--json'])
  const report = JSON.parse(stdout)
  expect(report.verdict.status).toBe('suspected')
  expect(report.findings[0].kind).toBe('reentrancy')
  expect(report.resources[0].label).toBe('word 68 of the wasm memory')
})

// Before V8 13 optimised code has no place for the call that waits.
describe.each(targetNodes().filter(({ major }) => major >= 24))(
  'optimised code with inlined functions, on Node $major',
  ({ path: node }) => {
    test.each([[], ['--no-inspector']])('%s', async (...options) => {
      const report = await look('optimised-mutex.mjs', { node, options })
      expect(report.verdict.status).toBe('suspected')
      expect(report.findings[0].kind).toBe('reentrancy')
      const own = report.processes[0].threads[0].frames.filter(({ kind }: SeenFrame) => kind !== 'native')
      expect(stackOf({ frames: own })).toEqual([
        'wasm lock',
        'wasm put',
        'js onPut',
        'wasm put',
        'js (module)',
      ])
    })

    test.each([[], ['--no-inspector']])('another word, %s', async (...options) => {
      const report = await look('optimised-mutex.mjs', { node, options, args: ['other'] })
      expect([report.verdict.status, report.findings]).toEqual(['blocked', []])
    })
  },
)
