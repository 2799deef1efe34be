import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { captureHeapFile } from '../../src/capture/heap-file.ts'
import { diagnose } from '../../src/diagnosis/diagnose.ts'
import type { ImpasseError } from '../../src/errors.ts'
import { readHeapSnapshotFile } from '../../src/heap/snapshot/snapshot-file.ts'
import { type FormatName, formats, render } from '../../src/report/formats.ts'
import { renderText } from '../../src/report/text.ts'
import { checkedSnapshot } from '../../src/snapshot/file.ts'
import type { Snapshot } from '../../src/snapshot/model.ts'
import { targetNodes } from '../support/node-versions.ts'
import { runImpasse } from '../support/run-impasse.ts'
import { startFixture } from '../support/spawn-fixture.ts'

const folder = mkdtempSync(join(tmpdir(), 'impasse-heap-file-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const programs = fileURLToPath(new URL('../../fixtures/async/heap-files/', import.meta.url))

/** Writes the heap of a program into a file; it ends by itself, since its stdin is empty. */
function written(node: string, program: string, name: string, ...more: readonly string[]): string {
  const file = join(folder, name)
  execFileSync(node, [join(programs, program), file, ...more], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PLANTED: 'a-planted-secret' },
  })
  return file
}

async function read(file: string): Promise<Snapshot> {
  const snapshot = await captureHeapFile(file)
  expect(snapshot).toBeDefined()
  return snapshot!
}

/** The text, without what differs from run to run and from place to place. */
function textOf(snapshot: Snapshot): string {
  const same = JSON.stringify(snapshot)
    .replaceAll(programs, '/app/')
    .replaceAll(folder, '/tmp')
    .replaceAll(process.execPath, 'node')
    .replaceAll(process.version, 'v20.0.0')
    .replaceAll(new RegExp(`\\b(p?)${snapshot.processes[0]!.pid}\\b`, 'g'), '$14242')
  const other = JSON.parse(same) as Snapshot
  const text = renderText(other, diagnose(other))
  // Which of the two comes first is V8's choice.
  const first = text.indexOf('savings') < text.indexOf('checking')
  return first
    ? text
    : text.replaceAll(/savings|checking/g, name => (name === 'savings' ? 'checking' : 'savings'))
}

describe.each(targetNodes())('of Node $major', ({ major, path }) => {
  test('two transfers that wait for each other are suspected: at which await they stand is worked out', async () => {
    const snapshot = await read(written(path, 'crossed.mjs', `crossed-${major}.heapsnapshot`))
    const { verdict, findings } = diagnose(snapshot)
    expect(verdict.status).toBe('suspected')
    expect(findings[0]).toMatchObject({ kind: 'cycle', status: 'suspected' })
    expect(findings[0]!.cycle).toHaveLength(2)
    for (const edge of findings[0]!.cycle) {
      expect(edge.sure).toBe(false)
      expect(edge.wait.at).toMatchObject({ function: 'transfer', line: 20, column: 23 })
      const hold = edge.by.kind === 'hold' ? edge.by.hold : undefined
      expect(hold?.acquiredAt).toMatchObject({ file: join(programs, 'crossed.mjs'), line: 16 })
    }
    expect(findings[0]!.cycle.map(({ resource }) => resource.label).sort()).toEqual([
      'checking.mutex',
      'savings.mutex',
    ])
    const [process] = snapshot.processes
    expect(process!.runtime.version).toMatch(new RegExp(`^v${major}\\.`))
    expect(process!.argv).toContain(join(programs, 'crossed.mjs'))
    expect(JSON.stringify(snapshot)).not.toContain('a-planted-secret')
    // What is in a report can be read again.
    expect(await checkedSnapshot(JSON.parse(JSON.stringify(snapshot)), 'x')).toEqual(snapshot)
  })

  test('two that take their locks in one order are left alone', async () => {
    for (const numbers of ['without', 'numbers']) {
      const snapshot = await read(written(path, 'in-order.mjs', `in-order-${major}.heapsnapshot`, numbers))
      const { verdict, findings } = diagnose(snapshot)
      expect(verdict.status).toBe('idle')
      expect(findings).toEqual([])
      const own = snapshot.processes[0]!.tasks!.filter(({ frames }) =>
        frames.some(frame => frame.function === 'transfer'),
      )
      expect(own).toHaveLength(2)
    }
  })
})

/** The heap of a running program, by the signal that Node offers for that. */
async function signalled(program: string): Promise<Snapshot> {
  const own = mkdtempSync(join(folder, 'signalled-'))
  const { pid } = await startFixture(program, {
    execArgv: ['--heapsnapshot-signal=SIGUSR2'],
    cwd: own,
  })
  await setTimeout(100)
  process.kill(pid, 'SIGUSR2')
  for (;;) {
    await setTimeout(50)
    const [name] = readdirSync(own)
    const found =
      name === undefined ? undefined : await captureHeapFile(join(own, name)).catch(() => undefined)
    if (found !== undefined) return found
  }
}

describe('without numbers, of a program that was sent a signal', () => {
  test.each(['paused-queue.mjs', 'rate-limited.mjs', 'holder-sleeps.mjs', 'unseen-holder.mjs'])(
    'nothing is claimed of healthy/%s',
    async program => {
      const snapshot = await signalled(`async/healthy/${program}`)
      expect(snapshot.processes[0]!.pid).toBeGreaterThan(1)
      expect(diagnose(snapshot).findings).toEqual([])
    },
  )

  test('two jobs in a lock each, at their only await, are proved', async () => {
    const snapshot = await signalled('async/locks/crossed-run-exclusive.cjs')
    expect(diagnose(snapshot).findings[0]).toMatchObject({ kind: 'cycle', status: 'deadlock' })
  })
})

describe('of the Node that runs the tests', () => {
  let file: string
  beforeAll(() => {
    file = written(process.execPath, 'crossed.mjs', 'crossed.heapsnapshot', 'numbers')
  })

  test('the text', async () => {
    const snapshot = await read(file)
    expect(snapshot.processes[0]!.pid).toBeGreaterThan(1)
    const text = textOf(snapshot)
    await expect(text).toMatchFileSnapshot('golden/heap-file.txt')
  })

  test('every format, by the command; compressed too', async () => {
    const snapshot = await read(file)
    for (const name of Object.keys(formats) as FormatName[])
      expect(await render(snapshot, diagnose(snapshot), name)).not.toBe('')
    const zipped = join(folder, 'crossed.heapsnapshot.gz')
    writeFileSync(zipped, gzipSync(readFileSync(file)))
    const { code, stdout } = await runImpasse(['report', zipped])
    expect(code).toBe(1)
    expect(stdout).toMatch(/^SUSPECTED {2}task 1 \(transfer\) and task 2 \(transfer\) seem to wait/)
  })

  test('the pid and the thread are in the name that Node gives', async () => {
    const name = join(folder, 'Heap.20261127.114600.4242.3.001.heapsnapshot')
    writeFileSync(name, readFileSync(file))
    const snapshot = await read(name)
    expect(snapshot.processes[0]).toMatchObject({
      id: 'p4242',
      threads: [{ id: 'p4242/t3', role: 'worker' }],
    })
  })

  test('without the source nothing is claimed, and that is said', async () => {
    const copy = join(folder, 'moved.heapsnapshot')
    // V8 writes the beginning of its text only.
    writeFileSync(
      copy,
      readFileSync(file, 'utf8').replaceAll('node_modules/async-mutex/', 'node_modules/gone/'),
    )
    const snapshot = await read(copy)
    expect(diagnose(snapshot).verdict.status).toBe('idle')
    expect(snapshot.processes[0]!.gaps.map(({ what }) => what).join()).toContain('node_modules/gone/')
  })

  test.each([
    ['cut', (whole: Buffer) => whole.subarray(0, whole.length / 2)],
    ['cut at its end', (whole: Buffer) => whole.subarray(0, whole.length - 3)],
    ['cut in its header', (whole: Buffer) => whole.subarray(0, 300)],
    ['cut and compressed', (whole: Buffer) => gzipSync(whole).subarray(0, 100_000)],
    [
      'with edges to nowhere',
      (whole: Buffer) => changed(whole, /"edges":\[(\d+),(\d+),\d+/, '"edges":[$1,$2,3999999999'),
    ],
    ['with too many edges', (whole: Buffer) => changed(whole, /"edges":\[/, '"edges":[1,1,0,')],
    ['with a node of no kind', (whole: Buffer) => changed(whole, /"nodes":\[\d+/, '"nodes":[99')],
    [
      'that lies about its size',
      (whole: Buffer) =>
        changed(changed(whole, /"node_count":\d+/, '"node_count":4e15'), /"edges":\[/, '"edges":[7'),
    ],
    ['with other columns', (whole: Buffer) => changed(whole, '"edge_count","trace', '"edge_counts","trace')],
  ] as const)('a file %s: one sentence', async (name, change) => {
    const broken = join(folder, 'broken.heapsnapshot')
    writeFileSync(broken, change(readFileSync(file)))
    const error = (await captureHeapFile(broken).catch(thrown => thrown)) as ImpasseError
    expect(error, name).toMatchObject({ code: 'IMPASSE_DAMAGED', exitCode: 2 })
    expect(error.message).toMatch(/broken\.heapsnapshot is no whole heap snapshot: [^\n]+\.$/)
  })

  test('one that is too large, and files that are none', async () => {
    const error = (await readHeapSnapshotFile(file, 100_000).catch(thrown => thrown)) as ImpasseError
    expect(error).toMatchObject({ code: 'IMPASSE_TOO_LARGE' })
    const other = join(folder, 'other.json')
    writeFileSync(other, '{"head":{}}')
    expect(await captureHeapFile(other)).toBeUndefined()
    expect(await captureHeapFile(join(folder, 'missing'))).toBeUndefined()
  })
})

function changed(whole: Buffer, from: RegExp | string, to: string): Buffer {
  const text = whole.toString('utf8')
  const other = text.replace(from, to)
  expect(other).not.toBe(text)
  return Buffer.from(other)
}
