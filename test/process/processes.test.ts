import { describe, expect, test, vi } from 'vitest'
import { ps } from '../../src/cli/ps.ts'
import { nodeProcesses } from '../../src/process/processes.ts'
import { duration, renderProcessList, renderProcessListJson } from '../../src/report/ps.ts'
import { startFixture, startProgram } from '../support/spawn-fixture.ts'

test('lists Node processes, what they do and where their inspector listens', async () => {
  const idle = await startFixture('idle-server.mjs', { execArgv: ['--inspect=0'] })
  const reader = await startFixture('reads-stdin.mjs')
  const other = await startProgram('sh', ['-c', 'echo ready; exec sleep 600'])
  const port = Number(/ws:\/\/127\.0\.0\.1:(\d+)/.exec(idle.stderr())?.[1])
  await vi.waitFor(async () => {
    const { processes } = await nodeProcesses(50)
    const find = (pid: number) => processes.find(process => process.pid === pid)
    expect(find(idle.pid)).toMatchObject({
      version: process.version,
      inspectorPort: port,
      mainThread: expect.stringMatching(/^event loop/),
      command: expect.stringContaining('idle-server.mjs'),
    })
    expect(find(reader.pid)).toMatchObject({ inspectorPort: null, mainThread: 'reads a socket (fd 0)' })
    expect(find(other.pid)).toBeUndefined()
    expect(find(process.pid)).toBeUndefined()
  })
})

test('the command writes a table or JSON', async () => {
  const { pid } = await startFixture('idle-timer.mjs')
  let text = ''
  const out = { write: (part: string) => (text += part), columns: 60 }
  expect(await ps({ out })).toBe(0)
  expect(text.split('\n')[0]).toMatch(/^ *PID {2}NODE/)
  expect(text).toMatch(new RegExp(`^ *${pid}  ${process.version}`, 'm'))
  expect(text.split('\n').every(line => line.length <= 90)).toBe(true)
  text = ''
  await ps({ json: true, out })
  expect(JSON.parse(text).processes).toContainEqual(expect.objectContaining({ pid }))
})

describe('the table', () => {
  const process = {
    pid: 7,
    version: 'v24.1.0',
    uptimeMs: 61_000,
    cpuPercent: 3,
    threads: 11,
    mainThread: 'event loop, no timer',
    inspectorPort: null,
    command: 'node a.js',
  }

  test('is aligned, and cut to the terminal', () => {
    const list = {
      processes: [process, { ...process, pid: 4242, version: { unknown: 'x' }, inspectorPort: 9229 }],
      unreadable: 2,
    }
    expect(renderProcessList(list)).toBe(
      ' PID  NODE     UPTIME  CPU  PORT  MAIN THREAD           COMMAND\n' +
        '   7  v24.1.0      1m   3%     -  event loop, no timer  node a.js\n' +
        '4242  ?            1m   3%  9229  event loop, no timer  node a.js\n' +
        '\n2 processes of other users cannot be looked at, and may be Node too: run as root to see.\n',
    )
    expect(renderProcessList(list, 12).split('\n')[0]).toBe(' PID  NODE …')
    expect(JSON.parse(renderProcessListJson(list))).toMatchObject({
      format: 'impasse-processes',
      version: 1,
      unreadable: 2,
    })
  })

  test('root is not told to become root', () => {
    const text = renderProcessList({ processes: [], unreadable: 1 }, undefined, true)
    expect(text).toMatch(/1 process cannot be looked at.* even to root here.*CAP_SYS_PTRACE/s)
    expect(text).not.toMatch(/run as root/)
  })

  test('of nothing', () => {
    expect(renderProcessList({ processes: [], unreadable: 0 })).toBe('No Node.js process found.\n')
  })

  test('durations', () => {
    expect([0, 59_000, 61_000, 3_700_000, 200_000_000].map(duration)).toEqual([
      '0s',
      '59s',
      '1m',
      '1h 1m',
      '2d 7h',
    ])
  })
})
