import { describe, expect, test } from 'vitest'
import { parseCommandLine, printable, splitArguments } from '../../src/process/command-line.ts'
import { parseFreezerMounts, parseGroups } from '../../src/process/control-groups.ts'
import { inWords, parseDescriptor } from '../../src/process/descriptors.ts'
import { parseWatched } from '../../src/process/event-loop.ts'
import { parseAddress, parseTcp, parseUnix } from '../../src/process/network-tables.ts'
import { parseStat } from '../../src/process/stat.ts'
import { holdsSignal, parseStatus } from '../../src/process/status.ts'
import { describeCall, epollWait, parseSystemCall } from '../../src/process/system-calls.ts'
import { parseAreas } from '../../src/process/thread-roles.ts'

const stat = (comm: string) =>
  `4242 (${comm}) S 1 4242 4200 34816 4242 4194304 1000 0 0 0 123 45 0 0 20 0 11 0 987654 1 2 3`

describe('stat', () => {
  test('fields are counted from the last parenthesis', () => {
    for (const comm of ['node', 'a b', ') R 1', 'my (odd) name', '((', '']) {
      expect(parseStat(stat(comm))).toEqual({
        id: 4242,
        comm,
        state: 'S',
        parent: 1,
        group: 4242,
        session: 4200,
        userMs: 1230,
        systemMs: 450,
        threads: 11,
        startTicks: 987654,
      })
    }
  })

  test('anything else is undefined', () => {
    for (const text of ['', '1', '(', '1 (x', '1 (x) S', 'x (y) S 1', stat('x').slice(0, 40)])
      expect(parseStat(text)).toBeUndefined()
  })
})

describe('status', () => {
  const text =
    'Name:\tnode\nTgid:\t10\nPid:\t12\nTracerPid:\t7\nUid:\t1000\t0\t0\t0\nGid:\t5\t5\t5\t5\nNSpid:\t12\t3\nThreads:\t2\n' +
    'SigPnd:\t0000000000000000\nShdPnd:\t0000000000000200\nSigBlk:\tfffffffe7ffbfeff\nSigIgn:\t0000000000001000\nSigCgt:\t0000000100004602\n' +
    'voluntary_ctxt_switches:\t21\nnonvoluntary_ctxt_switches:\t3\n'

  test('is parsed', () => {
    expect(parseStatus(text)).toMatchObject({
      name: 'node',
      process: 10,
      tracer: 7,
      uid: 1000,
      effectiveUid: 0,
      namespacePids: [12, 3],
      threads: 2,
      voluntarySwitches: 21,
      involuntarySwitches: 3,
    })
    const { signals } = parseStatus(text)!
    expect(signals.blocked).toBe(0xfffffffe7ffbfeffn)
    expect(holdsSignal(signals.caught, 'SIGUSR1')).toBe(true)
    expect(holdsSignal(signals.sharedPending, 'SIGUSR1')).toBe(true)
    expect(holdsSignal(signals.ignored, 'SIGUSR1')).toBe(false)
  })

  test('a name cannot forge a line', () => {
    expect(parseStatus(text.replace('node', 'x TracerPid:\\n'))?.tracer).toBe(7)
    expect(parseStatus('nothing')).toBeUndefined()
  })
})

describe('command line', () => {
  test.each([
    ['node', [], ['node'], []],
    ['node a.js --b', [], ['node', 'a.js', '--b'], []],
    ['node --inspect=0 a.js -r x', ['--inspect=0'], ['node', 'a.js', '-r', 'x'], []],
    [
      'node -r fs --import ./x.js --max-old-space-size=9 a.js',
      ['-r', 'fs', '--import', './x.js', '--max-old-space-size=9'],
      ['node', 'a.js'],
      [],
    ],
    ['node --x -- a.js -y', ['--x'], ['node', 'a.js', '-y'], []],
    ['node -', [], ['node', '-'], []],
    ['node -r', ['-r'], ['node'], []],
  ])('%s', (line, execArgv, argv) => {
    expect(splitArguments(line.split(' '))).toEqual({ argv, execArgv })
  })

  test('a title has overwritten the arguments', () => {
    expect(parseCommandLine('my server\0\0\0\0\0', 'my server', '/usr/bin/node')).toMatchObject({
      title: 'my server',
      argv: ['my server'],
    })
    expect(
      parseCommandLine('a-long-title-that-fills-all\0', 'a-long-title-th', '/usr/bin/node'),
    ).toHaveProperty('title')
    expect(parseCommandLine('node\0', 'node', '/usr/bin/node')).not.toHaveProperty('title')
    expect(parseCommandLine('/usr/bin/node\0', 'MainThread', '/usr/bin/node')).not.toHaveProperty('title')
    expect(parseCommandLine('')).toEqual({ argv: [''], execArgv: [] })
  })

  test('control characters do not reach a terminal', () => {
    expect(printable('a\u001b[31mb\u009b\nc')).toBe('a\\x1b[31mb\\x9b\\x0ac')
  })
})

describe('network tables', () => {
  test('addresses', () => {
    expect(parseAddress('0100007F')).toBe('127.0.0.1')
    expect(parseAddress('00000000000000000000000001000000')).toBe('::1')
    expect(parseAddress('00000000000000000000000000000000')).toBe('::')
    expect(parseAddress('0000000000000000FFFF00000100007F')).toBe('127.0.0.1')
    expect(parseAddress('B80D0120000000000000000001000000')).toBe('2001:db8::1')
    expect(parseAddress('')).toBe('?')
  })

  test('tcp', () => {
    const text =
      '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n' +
      '   0: 0100007F:2405 00000000:0000 0A 00000000:00000003 00:00000000 00000000  1000        0 4711 1 0000000000000000 100 0 0 10 0\n' +
      '  12: 0100007F:9C40 0100007F:1F90 01 00000000:00000010 00:00000000 00000000     0        0 4712 1 0000000000000000 20 4 30 10 -1\n'
    expect(parseTcp(text)).toEqual([
      {
        local: { address: '127.0.0.1', port: 9221 },
        peer: { address: '0.0.0.0', port: 0 },
        state: 'listening',
        unread: 3,
        inode: 4711,
      },
      {
        local: { address: '127.0.0.1', port: 40000 },
        peer: { address: '127.0.0.1', port: 8080 },
        state: 'established',
        unread: 16,
        inode: 4712,
      },
    ])
  })

  test('unix', () => {
    const text =
      'Num       RefCount Protocol Flags    Type St Inode Path\n' +
      '0000000000000000: 00000002 00000000 00010000 0001 01 17024 /run/a b.sock\n' +
      '0000000000000000: 00000003 00000000 00000000 0001 03 17025\n'
    expect(parseUnix(text)).toEqual([
      { inode: 17024, path: '/run/a b.sock', listening: true },
      { inode: 17025, path: '', listening: false },
    ])
  })
})

describe('descriptors', () => {
  test.each([
    ['pipe:[42]', 'pipe', 'a pipe (fd 3)'],
    ['socket:[42]', 'socket', 'a socket (fd 3)'],
    ['anon_inode:[eventpoll]', 'eventpoll', 'an epoll instance (fd 3)'],
    ['anon_inode:inotify', 'inotify', 'a file watcher (inotify) (fd 3)'],
    ['anon_inode:[what]', 'other', 'anon_inode:[what] (fd 3)'],
    ['/dev/pts/4', 'terminal', 'the terminal /dev/pts/4 (fd 3)'],
    ['/tmp/x', 'file', '/tmp/x (fd 3)'],
    ['/tmp/x (deleted)', 'deleted file', '/tmp/x (deleted) (fd 3)'],
  ])('%s', (link, kind, words) => {
    expect(parseDescriptor(3, link)).toMatchObject({ fd: 3, kind, link })
    expect(inWords(parseDescriptor(3, link))).toBe(words)
  })

  test('watched by epoll', () => {
    const text =
      'pos:\t0\nflags:\t02000002\ntfd:       17 events:       19 data:               11  pos:0 ino:1 sdev:9\ntfd:        4 events: 1\n'
    expect(parseWatched(text)).toEqual([17, 4])
  })
})

describe('system calls', () => {
  const line = (number: number, ...args: string[]) =>
    parseSystemCall(
      `${number} ${[...args, '0x0', '0x0', '0x0', '0x0', '0x0', '0x0'].slice(0, 6).join(' ')} 0x7ffc0 0x7f1\n`,
    ) as never

  test('running, blocked outside of a call, hidden', () => {
    expect(parseSystemCall('running\n')).toBeNull()
    expect(parseSystemCall('-1 0x7ff 0x7f1\n')).toBeNull()
    expect(parseSystemCall('')).toHaveProperty('unknown')
    expect(parseSystemCall('232 zz')).toHaveProperty('unknown')
  })

  test.each([
    [232, ['0xe', '0x7', '0x400', '0xffffffff'], 'epoll_wait', 'event loop, no timer'],
    [281, ['0xe', '0x7', '0x400', '0x1d9c'], 'epoll_pwait', 'event loop, next timer after 7580 ms'],
    [202, ['0x1', '0x189', '0x0', '0x0'], 'futex', 'waits for another thread, no time limit (futex)'],
    [202, ['0x1', '0x189', '0x0', '0x7ff0'], 'futex', 'waits for another thread, with a time limit (futex)'],
    [202, ['0x1', '0x86', '0x0', '0x0'], 'futex', 'waits for a mutex that another thread holds (futex)'],
    [35, [], 'nanosleep', 'sleeps for a set time'],
    [9999, [], 'syscall_9999', 'system call 9999 of x64, whose name Impasse does not know'],
  ])('%i %j', (number, args, name, meaning) => {
    expect(describeCall(0, 0, line(number, ...args), 'x64')).toMatchObject({ number, name, meaning })
  })

  test('numbers of other architectures are not taken for those of x64', () => {
    expect(describeCall(0, 0, line(64), 'arm64').name).toBe('write')
    expect(describeCall(0, 0, line(1), 'ppc64').name).toBe('syscall_1')
  })

  test('epoll', () => {
    expect(epollWait(line(232, '0xe', '0x7', '0x400', '0xffffffff'), 'x64')).toEqual({
      fd: 14,
      timeoutMs: null,
    })
    expect(epollWait(line(281, '0xe', '0x7', '0x400', '0x0'), 'x64')).toEqual({ fd: 14, timeoutMs: 0 })
    expect(epollWait(line(441, '0xe', '0x7', '0x400', '0x7f'), 'x64')).toMatchObject({
      fd: 14,
      timeoutMs: { unknown: expect.any(String) },
    })
    expect(epollWait(line(0), 'x64')).toBeUndefined()
  })
})

describe('control groups', () => {
  test('groups and their mounts', () => {
    expect(parseGroups('6:freezer:/docker/ab:c\n0::/x\n')).toEqual([
      { version: 1, controllers: ['freezer'], path: '/docker/ab:c' },
      { version: 2, controllers: [''], path: '/x' },
    ])
    const mounts =
      '30 24 0:26 / /sys/fs/cgroup/freezer rw,nosuid - cgroup cgroup rw,freezer\n31 24 0:27 /k /sys/fs/cgroup rw shared:4 - cgroup2 cgroup2 rw\n32 1 8:1 / / rw - ext4 /dev/sda rw\n'
    expect(parseFreezerMounts(mounts)).toEqual([
      { version: 1, mount: '/sys/fs/cgroup/freezer', root: '/' },
      { version: 2, mount: '/sys/fs/cgroup', root: '/k' },
    ])
  })
})

test('writable anonymous areas are stacks', () => {
  const maps =
    '7f0000000000-7f0000001000 ---p 00000000 00:00 0 \n7f0000001000-7f0000401000 rw-p 00000000 00:00 0 \n7f0000401000-7f0000402000 rw-p 00000000 08:01 12 /lib/x.so\n'
  expect(parseAreas(maps)).toEqual([{ from: 0x7f0000001000, to: 0x7f0000401000 }])
})

const parsers: ((text: string) => unknown)[] = [
  parseStat,
  parseStatus,
  parseTcp,
  parseUnix,
  parseWatched,
  parseSystemCall,
  parseGroups,
  parseFreezerMounts,
  parseAreas,
  parseCommandLine,
  parseAddress,
]

test('no parser throws on garbage', () => {
  const samples = [
    stat('x'),
    'Name:\tx\nTgid:\t1\nSigBlk:\tzz\n',
    '1: 0100007F:2405 x',
    'tfd: -1',
    '232 0x1 0x',
    '0::/x',
    'a\0b\0\0',
  ]
  let seed = 1
  const random = () => {
    seed = (seed * 48271) % 2147483647
    return seed / 2147483647
  }
  for (let round = 0; round < 2000; round++) {
    const text = [...samples[round % samples.length]!]
    for (let i = 0; i < 3; i++) text[Math.floor(random() * text.length)] = String.fromCharCode(random() * 256)
    const garbage = text.join('').slice(0, Math.floor(random() * 100))
    for (const parse of parsers) parse(garbage)
  }
})
