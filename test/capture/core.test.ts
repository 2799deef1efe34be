/** Core files give the report that the living process would have given from memory. */
import { copyFileSync, mkdtempSync, realpathSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { captureCore } from '../../src/capture/core.ts'
import { diagnose } from '../../src/diagnosis/diagnose.ts'
import { childrenOf } from '../../src/process/children.ts'
import { readThreadStat } from '../../src/process/stat.ts'
import { renderText } from '../../src/report/text.ts'
import { readSnapshot } from '../../src/snapshot/file.ts'
import type { Snapshot, Thread } from '../../src/snapshot/model.ts'
import { targetNodes } from '../support/node-versions.ts'
import { runImpasse } from '../support/run-impasse.ts'
import { fixturePath } from '../support/spawn-fixture.ts'
import { hasGdb, kernelWritesCores, writeCore } from '../support/write-core.ts'
import { asleep, until } from './support.ts'

const inChild = (pid: number) => until(() => childrenOf(pid).length > 0).then(() => asleep(pid))

/** Until it has computed for a while in one go. */
const busy = (pid: number) =>
  until(() => {
    const stat = readThreadStat(pid, pid)
    return stat !== undefined && stat.userMs > 800
  })

function mainOf({ processes }: Snapshot): Thread {
  return processes[0]!.threads.find(({ role }) => role === 'main')!
}

/** `name:line` of the program's own functions, innermost first. */
function ownLines({ looks }: Thread): readonly string[] {
  return looks[0]!.frames
    .filter(({ owner }) => owner === 'program')
    .map(frame => `${frame.function}:${frame.line}`)
}

const callers = ['#write:17', '(anonymous):13', 'pack:13', 'open:9', 'begin:36']

const writers = [...(kernelWritesCores ? ['kernel' as const] : []), ...(hasGdb ? ['gcore' as const] : [])]

describe.each(targetNodes())('Node $major', ({ path, major }) => {
  test.each(writers)('by %s: the stack in execSync, native functions and lines', async by => {
    const { file, pid } = await writeCore(
      by,
      'memory/blocked.cjs',
      { node: path, args: ['execSync'] },
      inChild,
    )
    const snapshot = await captureCore(file)
    const [process] = snapshot.processes
    expect(process).toMatchObject({
      pid,
      executable: realpathSync(path),
      execArgv: [],
      argv: [path, fixturePath('memory/blocked.cjs'), 'execSync'],
      runtime: { version: expect.stringMatching(`^v${major}\\.`) },
      core: { file, signal: by === 'kernel' ? 6 : expect.any(Number) },
    })
    const main = mainOf(snapshot)
    expect(main.tid).toBe(pid)
    expect(ownLines(main)).toEqual(['block:24', ...callers])
    const native = main.looks[0]!.frames.filter(({ kind }) => kind === 'native').map(frame => frame.function)
    expect(native[0]).toMatch(/^epoll_p?wait$/)
    expect(native).toContain('uv_run')
    expect(native).toContain('node::SyncProcessRunner::Spawn')
    expect(native).toContain('node::Start')
    expect(native.indexOf('node::SyncProcessRunner::Spawn')).toBeLessThan(native.indexOf('node::Start'))
    expect(main.looks[0]!.activity).toMatchObject({
      call: { meaning: expect.stringMatching(/spawnSync or execSync of `exec sleep 600`/) },
    })
    const { verdict } = diagnose(snapshot)
    expect(verdict.status).toBe('blocked')
    const roles = process!.threads.map(({ role }) => role)
    expect(roles.filter(role => role === 'v8').length).toBeGreaterThanOrEqual(4)
    expect(roles).toContain('inspector')
    expect(roles).not.toContain('worker')
    const text = renderText(snapshot, diagnose(snapshot))
    expect(text).toMatch(/node::SyncProcessRunner::Spawn +node\n/)
    expect(text).toMatch(/threads of Node itself \(\d+ V8, 1 inspector\): waiting for work/)
  })

  test.runIf(kernelWritesCores)('workers that wait for each other: their stacks and waits', async () => {
    const { file } = await writeCore('kernel', 'three-threads-deadlock.mjs', { node: path }, asleep)
    const snapshot = await captureCore(file)
    const scripted = snapshot.processes[0]!.threads.filter(({ role }) => role === 'main' || role === 'worker')
    expect(scripted).toHaveLength(3)
    for (const thread of scripted) {
      expect(thread.looks[0]!.activity).toEqual({
        kind: 'parked',
        in: 'Atomics.wait(this.#cell, 0, 1)',
        timeoutMs: null,
      })
      expect(ownLines(thread).slice(0, 2)).toEqual(['lock:10', expect.stringMatching(/^circle:/)])
    }
    // Workers are known by their numbers; each waits for another word.
    expect(scripted.map(({ id }) => id.split('/')[1]).sort()).toEqual(['t0', 't1', 't2'])
    expect(new Set(snapshot.waits.map(({ request }) => JSON.stringify(request))).size).toBe(3)
    const { verdict, findings } = diagnose(snapshot)
    expect(verdict.status).toBe('deadlock')
    expect(findings[0]).toMatchObject({ kind: 'cycle', status: 'deadlock' })
  })

  test.runIf(kernelWritesCores)('a program at work, and one in its event loop, are not blocked', async () => {
    const { file } = await writeCore('kernel', 'busy-loop.mjs', { node: path }, busy)
    const working = await captureCore(file)
    expect(ownLines(mainOf(working))[0]).toMatch(/^(total|start):/)
    expect(diagnose(working).verdict).toMatchObject({
      status: 'healthy',
      summary: expect.stringMatching(/one look cannot tell/),
    })
    const idle = await writeCore('kernel', 'idle-server.mjs', { node: path }, asleep)
    const { verdict } = diagnose(await captureCore(idle.file))
    expect(verdict).toMatchObject({ status: 'idle', summary: expect.not.stringMatching(/could be seen/) })
  })
})

test.runIf(writers.length > 0)(
  'the command: text, exit code, a saved snapshot, --exe and --sysroot',
  async () => {
    const { file } = await writeCore(writers[0]!, 'memory/blocked.cjs', { args: ['wait'] }, asleep)
    const saved = `${file}.json`
    const { code, stdout, stderr } = await runImpasse(['core', file, '--save', saved])
    expect(stderr).toBe('')
    expect(stdout).toMatch(/^BLOCKED {2}main thread waits for /)
    expect(stdout).toMatch(/core written .* read in/)
    expect(code).toBe(1)
    expect((await readSnapshot(saved)).processes[0]!.core?.file).toBe(file)

    const folder = mkdtempSync(join(tmpdir(), 'impasse-core-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const empty = await runImpasse(['core', file, '--sysroot', folder])
    expect(empty).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/executable .* is not here.*\n.*--exe/s),
    })
    // The executable alone: without libc the walk cannot begin, and the report says which files it needs.
    const alone = await runImpasse(['core', file, '--sysroot', folder, '--exe', process.execPath])
    expect(alone.stdout).toMatch(/libc\.so\.6.*--sysroot/s)
    const other = targetNodes().find(({ path }) => path !== process.execPath)
    if (other !== undefined) {
      const wrong = await runImpasse(['core', file, '--exe', other.path, '--json'])
      expect(wrong.code).toBe(2)
      expect(JSON.parse(wrong.stdout).error).toMatchObject({
        code: 'IMPASSE_FOREIGN',
        message: expect.stringMatching(/is not the build of/),
      })
    }

    const cut = join(folder, 'cut')
    copyFileSync(file, cut)
    truncateSync(cut, 2 ** 20)
    expect(await runImpasse(['core', cut])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/is cut off/),
    })
  },
)

test.runIf(kernelWritesCores)('a core of another program is refused', async () => {
  const { file } = await writeCore('kernel', 'memory/aborts.sh', { node: '/bin/sh' }, async () => {})
  await expect(captureCore(file)).rejects.toMatchObject({
    code: 'IMPASSE_NOT_NODE',
    message: expect.stringMatching(/is of (sh|dash|bash), not of Node/),
  })
})

describe('what is no core is refused, with a way out', () => {
  const elf = Buffer.alloc(64)
  elf.writeUInt32BE(0x7f454c46, 0)
  elf.set([2, 1, 1], 4)
  const with16 = (type: number, machine: number) => {
    const bytes = Buffer.from(elf)
    bytes.writeUInt16LE(type, 16)
    bytes.writeUInt16LE(machine, 18)
    return bytes
  }
  test.each([
    ['nothing', Buffer.alloc(0), 'IMPASSE_FOREIGN', /no core file/],
    ['text', Buffer.from('{}\n'), 'IMPASSE_FOREIGN', /no core file/],
    ['zstd', Buffer.from('28b52ffd00000000', 'hex'), 'IMPASSE_FOREIGN', /compressed \(zstd\)/],
    ['gzip', Buffer.from('1f8b080000000000', 'hex'), 'IMPASSE_FOREIGN', /compressed \(gzip\)/],
    ['a program', with16(2, 62), 'IMPASSE_FOREIGN', /a program or library/],
    ['arm64', with16(4, 183), 'IMPASSE_UNSUPPORTED', /another processor/],
    ['a header alone', with16(4, 62), 'IMPASSE_DAMAGED', /cut off/],
    ['its first bytes', with16(4, 62).subarray(0, 12), 'IMPASSE_DAMAGED', /cut off/],
  ] as const)('%s', async (_, bytes, code, message) => {
    const folder = mkdtempSync(join(tmpdir(), 'impasse-core-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const file = join(folder, 'file')
    writeFileSync(file, bytes)
    await expect(captureCore(file)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
      help: expect.stringMatching(/\S/),
    })
  })

  test('no file, and a folder', async () => {
    await expect(captureCore('/nonexistent/core')).rejects.toMatchObject({ code: 'IMPASSE_READ' })
    await expect(captureCore(tmpdir())).rejects.toMatchObject({ code: 'IMPASSE_FOREIGN' })
  })
})
