import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { eventLoopOf } from '../../src/process/event-loop.ts'
import { isPrivateLoop } from '../../src/process/main-loop.ts'
import { epollWait, readSystemCall } from '../../src/process/system-calls.ts'
import { isUnknown } from '../../src/snapshot/model.ts'
import { targetNodes } from '../support/node-versions.ts'
import { startFixture } from '../support/spawn-fixture.ts'

function waitOfMain(pid: number) {
  const call = readSystemCall(pid, pid)
  if (call === null || isUnknown(call)) throw new Error('the main thread runs')
  return epollWait(call, process.arch)!
}

describe.each(targetNodes())('Node $major', ({ path }) => {
  test('a bare loop has nothing but its timer', async () => {
    const { pid } = await startFixture('idle-timer.mjs', { node: path })
    const loop = await vi.waitFor(() => eventLoopOf(pid, pid, waitOfMain(pid)))
    expect(loop).toEqual({
      sources: [
        {
          kind: 'timer',
          text: expect.stringMatching(/^a timer of the program or of V8, due \d+ ms/),
          outside: true,
        },
      ],
      complete: true,
    })
  })

  test('all that can wake a loop is named', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'impasse-loop-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const socket = join(folder, 'socket')
    const { pid, stdout } = await startFixture('many-loop-sources.mjs', {
      node: path,
      args: [socket],
      cwd: folder,
    })
    const port = /^port (\d+)$/m.exec(stdout())?.[1]
    await vi.waitFor(() => {
      const loop = eventLoopOf(pid, pid, waitOfMain(pid))
      if (isUnknown(loop)) throw new Error(loop.unknown)
      expect(loop.complete).toBe(true)
      const sources = loop.sources.map(
        ({ kind, text, outside }) =>
          `${outside ? '' : 'inside '}${kind}: ${text
            .replace(`127.0.0.1:${port}`, 'PORT')
            .replace(/due \d+ \w+/, 'due #')
            .replaceAll(/(child |fd |127\.0\.0\.1:)\d+/g, '$1#')}`,
      )
      expect(sources.sort()).toEqual(
        [
          'child: child # (sleep 600)',
          'file watcher: a file watcher (inotify) (fd #)',
          'inside socket: connected to 127.0.0.1:#, a socket of this process',
          'inside socket: connected to PORT, a socket of this process',
          'server: listens on PORT',
          `server: listens on ${socket}`,
          'signal: handles SIGHUP',
          'socket: a Unix socket to an unknown peer (fd #)',
          'timer: a timer of the program or of V8, due # after the wait began',
        ].sort(),
      )
    })
  })

  test('the private loop of spawnSync', async () => {
    const { pid } = await startFixture('waits-for-child.mjs', { node: path })
    await vi.waitFor(() => expect(isPrivateLoop(pid, waitOfMain(pid).fd, process.arch)).toBe(true))
    const idle = await startFixture('idle-timer.mjs', { node: path })
    await vi.waitFor(() => expect(isPrivateLoop(idle.pid, waitOfMain(idle.pid).fd, process.arch)).toBe(false))
  })
})
