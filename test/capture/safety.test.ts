import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { get } from 'node:http'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import { capture } from '../../src/capture/capture.ts'
import { findEndpoint } from '../../src/inspector/endpoint.ts'
import { InspectedProcess } from '../../src/inspector/inspected-process.ts'
import { listeningPorts } from '../../src/process/sockets.ts'
import { startFixture } from '../support/spawn-fixture.ts'
import { openDescriptors, progress, until } from './support.ts'

const anyPort = { execArgv: ['--inspect-port=0'] }

describe('the target is left as it was', () => {
  test('no inspector port stays open, and the program goes on', async () => {
    const fixture = await startFixture('counting.mjs', anyPort)
    const snapshot = await capture(fixture.pid)
    expect(snapshot.processes[0]?.inspector.access).toBe('opened')
    expect(listeningPorts(fixture.pid)).toEqual([])
    await progress(fixture)
  })

  test('fifty attaches in a row leave no descriptor, no listener and no changed behaviour', async () => {
    const fixture = await startFixture('counting.mjs', anyPort)
    await capture(fixture.pid)
    const before = openDescriptors(fixture.pid)
    for (let count = 0; count < 50; count += 1) await capture(fixture.pid)
    await until(() => openDescriptors(fixture.pid) <= before)
    expect(listeningPorts(fixture.pid)).toEqual([])
    await progress(fixture)
  }, 60_000)

  test('a server under load answers every request during fifty attaches', async () => {
    const fixture = await startFixture('counting-server.mjs', anyPort)
    const port = Number(/port (\d+)/.exec(fixture.stdout())?.[1])
    let attaching = true
    let sent = 0
    const load = async () => {
      while (attaching) {
        sent += 1
        await request(port)
      }
    }
    const clients = [load(), load()]
    for (let count = 0; count < 50; count += 1) await capture(fixture.pid)
    attaching = false
    await Promise.all(clients)
    expect(Number(await request(port))).toBe(sent + 1)
  }, 60_000)

  test('a debugger statement does not stop it', async () => {
    const fixture = await startFixture('debugger-statements.mjs', anyPort)
    for (let count = 0; count < 5; count += 1) {
      await capture(fixture.pid, { looks: 4 })
      await progress(fixture)
    }
  })

  test('when Impasse is killed in the middle of a pause, the target goes on', async () => {
    const fixture = await startFixture('counting.mjs', anyPort)
    const pauser = spawn(
      process.execPath,
      [fileURLToPath(new URL('pause-and-wait.js', import.meta.url)), String(fixture.pid)],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )
    onTestFinished(() => void pauser.kill('SIGKILL'))
    await once(pauser.stdout, 'data')
    const atPause = fixture.stdout().length
    await new Promise(resolve => setTimeout(resolve, 100))
    expect(fixture.stdout().length).toBe(atPause)
    pauser.kill('SIGKILL')
    await progress(fixture)
  })

  test('SIGINT during an attach closes everything', async () => {
    const fixture = await startFixture('counting.mjs', anyPort)
    const interrupted = new AbortController()
    const looking = capture(fixture.pid, { looks: 500, signal: interrupted.signal })
    await until(() => {
      const ports = listeningPorts(fixture.pid)
      return Array.isArray(ports) && ports.length === 1
    })
    interrupted.abort()
    await expect(looking).rejects.toMatchObject({ code: 'IMPASSE_INTERRUPTED' })
    expect(listeningPorts(fixture.pid)).toEqual([])
    await progress(fixture)
  })
})

describe('others are left alone', () => {
  test('two Impasses at once on one process both answer', async () => {
    const fixture = await startFixture('abba-workers.mjs', anyPort)
    const both = await Promise.all([capture(fixture.pid), capture(fixture.pid)])
    for (const { processes } of both) {
      expect(
        processes[0]?.threads
          .filter(({ role }) => role === 'worker')
          .map(({ looks }) => looks.at(-1)?.frames.length),
      ).toHaveLength(2)
      expect(processes[0]?.inspector.access).toBe('opened')
    }
    expect(listeningPorts(fixture.pid)).toEqual([])
  })

  test("another debugger's breakpoint stays as it was", async () => {
    const fixture = await startFixture('counting.mjs', { execArgv: ['--inspect=0'] })
    const ports = listeningPorts(fixture.pid)
    const port = Array.isArray(ports) ? ports[0].port : 0
    const other = await InspectedProcess.connect(
      (await findEndpoint('127.0.0.1', port, 1000)).webSocketUrl,
      1000,
    )
    onTestFinished(() => other.close())
    await other.main.enable(2000)
    await breakAtLine4(other)
    await until(() => other.main.pause !== undefined)

    const snapshot = await capture(fixture.pid)
    const main = snapshot.processes[0]!.threads[0]!
    expect(snapshot.processes[0]!.inspector.access).toBe('reused')
    expect(main.looks.at(-1)?.activity).toEqual({ kind: 'stopped', by: 'another debugger' })
    expect(main.looks.at(-1)?.frames[0]).toMatchObject({
      file: expect.stringContaining('counting.mjs'),
      line: 4,
    })

    expect(other.main.pause).toBeDefined()
    const printed = fixture.stdout().length
    await new Promise(resolve => setTimeout(resolve, 100))
    expect(fixture.stdout().length).toBe(printed)
    expect(listeningPorts(fixture.pid)).toHaveLength(1)
    const first = other.main.pause
    other.main.session.post('Debugger.resume', {})
    await until(() => other.main.pause !== undefined && other.main.pause !== first)
    expect(fixture.stdout().length).toBeGreaterThan(printed)
  })
})

/** A breakpoint that another debugger set: `debugger` statements and breakpoints stay active for it. */
async function breakAtLine4({ main }: InspectedProcess): Promise<void> {
  const reply = await main.session.send(
    'Debugger.setBreakpointByUrl',
    { urlRegex: '.*counting\\.mjs', lineNumber: 3, columnNumber: 18 },
    1000,
  )
  expect(reply.ok).toBe(true)
  main.session.post('Debugger.setBreakpointsActive', { active: true })
}

function request(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ port, host: '127.0.0.1' }, response => {
      let text = ''
      response.setEncoding('utf8').on('data', part => (text += part))
      response.on('end', () => resolve(text))
    }).on('error', reject)
  })
}
