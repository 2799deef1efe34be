import { copyFileSync, linkSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { ImpasseError } from '../../src/errors.ts'
import { requireLinux } from '../../src/process/proc.ts'
import { readStat } from '../../src/process/stat.ts'
import { identify, sameProcess } from '../../src/process/target.ts'
import { refused } from '../../src/process/target-errors.ts'
import { nodeBinary, targetNodes } from '../support/node-versions.ts'
import { fixturePath, startFixture, startProgram } from '../support/spawn-fixture.ts'

const folder = mkdtempSync(join(tmpdir(), 'impasse-target-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A copy of Node under another name, without copying 100 MB where a link does. */
function renamedNode(name: string): string {
  const path = join(folder, name)
  try {
    linkSync(process.execPath, path)
  } catch {
    copyFileSync(process.execPath, path)
  }
  return path
}

function refusal(pid: number): ImpasseError {
  try {
    identify(pid)
  } catch (error) {
    if (error instanceof ImpasseError) return error
    throw error
  }
  throw new Error(`${pid} was accepted`)
}

describe.each(targetNodes())('Node $major', ({ major, path }) => {
  test('is found, with versions, arguments and place', async () => {
    const { pid } = await startFixture('idle-timer.mjs', {
      node: path,
      execArgv: ['--no-warnings'],
      cwd: folder,
    })
    const target = identify(pid)
    expect(target).toMatchObject({
      pid,
      ownPid: pid,
      uid: process.getuid?.(),
      executableDeleted: false,
      argv: [path, fixturePath('idle-timer.mjs')],
      execArgv: ['--no-warnings'],
      cwd: folder,
      namespaces: { pid: true, mount: true, network: true },
    })
    expect(target.runtime.version).toMatch(new RegExp(`^v${major}\\.\\d+\\.\\d+$`))
    expect(target.runtime.v8).toMatch(/^\d+\.\d+\.\d+\.\d+-node\.\d+$/)
    expect(Math.abs(Date.parse(target.startedAt) - Date.now())).toBeLessThan(30_000)
    expect(() => sameProcess(target)).not.toThrow()
  })
})

describe('is Node all the same', () => {
  test('under another name, its file deleted', async () => {
    const server = renamedNode('my-server')
    const { pid } = await startFixture('idle-timer.mjs', { node: server })
    rmSync(server)
    expect(identify(pid)).toMatchObject({
      executable: server,
      executableDeleted: true,
      runtime: { version: process.version },
    })
  })

  test('with a title over its arguments', async () => {
    const { pid } = await startFixture('idle-timer.mjs', { args: ['my title'] })
    expect(identify(pid)).toMatchObject({ title: 'my title', argv: ['my title'], execArgv: [] })
  })
})

describe('refuses', () => {
  test('what does not exist', () => {
    for (const pid of [2 ** 22 + 7, 0, -1, 1.5, Number.NaN])
      expect(refusal(pid).code).toBe('IMPASSE_NO_SUCH_PROCESS')
  })

  test('itself', () => {
    expect(refusal(process.pid).code).toBe('IMPASSE_USAGE')
  })

  test('a program that is not Node, whatever its name', async () => {
    const node = join(folder, 'node')
    copyFileSync('/bin/sleep', node)
    const { pid } = await startProgram('sh', ['-c', 'echo ready; exec "$0" 600', node])
    await vi.waitFor(() => expect(readStat(pid)?.comm).toBe('node'))
    expect(refusal(pid)).toMatchObject({
      code: 'IMPASSE_NOT_NODE',
      message: expect.stringContaining('is not a Node.js process'),
    })
  })

  test('a thread, and names its process', async () => {
    const { pid } = await startFixture('idle-timer.mjs')
    const tid = await vi.waitFor(async () => {
      const { readdirSync } = await import('node:fs')
      return Number(readdirSync(`/proc/${pid}/task`).find(id => Number(id) !== pid)!)
    })
    expect(refusal(tid)).toMatchObject({
      code: 'IMPASSE_NO_SUCH_PROCESS',
      message: expect.stringContaining(`of process ${pid} (`),
      help: expect.stringContaining(`impasse ${pid}`),
    })
  })

  test('a zombie, and names its parent', async () => {
    const { pid, stdout } = await startProgram('sh', ['-c', 'sleep 0 & echo $!; echo ready; exec sleep 600'])
    const zombie = Number.parseInt(stdout(), 10)
    await vi.waitFor(() => expect(readStat(zombie)?.state).toBe('Z'))
    expect(refusal(zombie)).toMatchObject({
      code: 'IMPASSE_PROCESS_EXITED',
      message: expect.stringContaining(`its parent ${pid} (`),
    })
  })

  test('a process of another user', async ({ skip }) => {
    const node = nodeBinary(24) ?? nodeBinary(26)
    if (process.getuid?.() !== 0 || !node)
      return skip('needs root and a Node that runs TypeScript (install-nodes.js)')
    const { pid } = await startFixture('idle-timer.mjs')
    const module = new URL('../../src/process/target.ts', import.meta.url)
    const script = `import(${JSON.stringify(module.href)}).then(({ identify }) => { try { identify(${pid}) } catch (error) { console.log(error.code + ' ' + error.message) } console.log('ready') })`
    const { stdout } = await startProgram('setpriv', [
      '--reuid=65534',
      '--regid=65534',
      '--clear-groups',
      node,
      '-e',
      script,
    ])
    expect(stdout()).toMatch(
      new RegExp(
        `^IMPASSE_NO_PERMISSION Process ${pid} \\(.*belongs to user 0, and this user \\(65534\\) may not`,
      ),
    )
  })

  test.each([
    [0, /refuses it even to root here.*CAP_SYS_PTRACE/, /on the host/],
    [1000, /belongs to this user \(1000\), but the kernel protects it/, /as root/],
  ])('its own user or root (%i) is not told to become that', (user, message, help) => {
    const error = refused(1, 'init', user, { unknown: 'no permission to read /proc/1/exe' })
    expect(error.message).toMatch(message)
    expect(error.help).toMatch(help)
  })

  test('another system than Linux', () => {
    expect(() => requireLinux('darwin')).toThrow(expect.objectContaining({ code: 'IMPASSE_UNSUPPORTED' }))
  })
})

describe('a pid is a process only together with its start', () => {
  test('exited', async () => {
    const { pid, kill } = await startFixture('idle-timer.mjs')
    const target = identify(pid)
    await kill()
    expect(() => sameProcess(target)).toThrow(expect.objectContaining({ code: 'IMPASSE_PROCESS_EXITED' }))
  })

  test('replaced', async () => {
    const { pid } = await startFixture('idle-timer.mjs')
    const older = { ...identify(pid), startTicks: 1 }
    expect(() => sameProcess(older)).toThrow(
      expect.objectContaining({
        code: 'IMPASSE_PROCESS_REPLACED',
        message: expect.stringContaining(basename(process.execPath)),
      }),
    )
  })
})
