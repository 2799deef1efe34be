/** Whole programs as snapshots: what a capture of the fixtures would bring. */
import type { Frame, Process, Snapshot, Thread } from '../../src/snapshot/model.ts'
import {
  event,
  frame,
  hold,
  loop,
  maybe,
  mutex,
  parked,
  process,
  produced,
  production,
  running,
  sleeping,
  snapshot,
  thread,
  units,
  wait,
} from '../diagnosis/build.ts'

const lock = frame('Mutex.lock (sync.mjs:12:15)', { sourceLine: 'Atomics.wait(this.#cell, 0, 2)' })
const node = [
  frame('run (node:internal/modules/esm/module_job:413:25)'),
  frame('runEntryPoint (node:internal/main:170:5)'),
]
const at = (file: string, line: number, column: number) => ({ file: `/srv/app/${file}`, line, column })

/** Threads that run no JavaScript. */
function kernelThreads(): Thread[] {
  const idle = { number: 202, name: 'futex', meaning: 'waits for work', arguments: [] }
  const one = (id: string, role: Thread['role'], name: string): Thread => {
    const base = thread(id, { activity: { kind: 'system-call', call: idle }, more: { role, name } })
    const kernel = { ...base.looks[0]!.kernel, systemCall: idle }
    return { ...base, looks: base.looks.map(look => ({ ...look, kernel })) }
  }
  return [
    ...[1, 2, 3, 4].map(n => one(`n43${n}`, 'v8', 'V8Worker')),
    ...[5, 6].map(n => one(`n43${n}`, 'libuv-pool', 'libuv-worker')),
    one('n437', 'inspector', 'InspectorIo'),
  ]
}

const server: Thread['loop'] = {
  complete: true,
  sources: [
    { kind: 'server', text: 'listens on 127.0.0.1:8080', outside: true },
    { kind: 'timer', text: '2 timers', outside: true },
  ],
}

function put(line: number, more: Partial<Frame> = {}): Frame {
  return frame(`BoundedQueue.put (queue.mjs:${line}:${line === 29 ? 15 : 7})`, {
    sourceLine: line === 29 ? 'this.#lock.lock()' : 'this.#notify(item)',
    ...more,
  })
}

/** The Python story, ported: `put` notifies under its lock, an observer logs through the same queue. */
export function queue(): Snapshot {
  const frames = [
    lock,
    put(29),
    frame('onRecord (log-sink.mjs:4:9)', {
      via: { kind: 'event listener', text: "listener of event 'record'", how: 'inferred' },
    }),
    frame('emit (node:events:524:28)'),
    frame('BoundedQueue.#notify (queue.mjs:41:10)'),
    put(35),
    frame('submitAll (main.mjs:24:49)'),
    frame('(anonymous) (main.mjs:30:1)', { function: '' }),
    ...node,
  ]
  const worker = thread(1, {
    activity: parked,
    frames: [lock, frame('BoundedQueue.take (queue.mjs:50:15)'), frame('drain (drain.mjs:6:20)')],
    more: { name: 'drain' },
  })
  return snapshot({
    threads: [thread(0, { activity: parked, frames }), worker, ...kernelThreads()],
    resources: [mutex('r1', 'BoundedQueue.#lock')],
    holds: [hold(0, 'r1', { at: put(35), acquiredAt: at('queue.mjs', 29, 15), frame: 5 })],
    waits: [
      wait(0, 'r1', { at: put(29), frame: 1 }),
      wait(1, 'r1', { at: frame('BoundedQueue.take (queue.mjs:50:15)'), frame: 1 }),
    ],
  })
}

const transfer = (line: number) =>
  frame(`transfer (bank.mts:${line}:18)`, { sourceLine: 'accounts[to].lock.lock()' })

function bank(sure: boolean): Snapshot {
  const stack = [lock, transfer(14), frame('(anonymous) (bank.mts:31:3)', { function: '' }), ...node]
  const acquired = { at: transfer(14), acquiredAt: at('bank.mts', 13, 20), frame: 1 }
  const second = sure
    ? hold(1, 'r2', acquired)
    : maybe(1, 'r2', {
        ...acquired,
        doubt: 'the acquisition at line 13 stands in a branch that could not be evaluated',
      })
  return snapshot({
    threads: [
      thread(0, { activity: parked, frames: stack }),
      thread(1, { activity: parked, frames: stack }),
      ...kernelThreads(),
    ],
    resources: [mutex('r1', 'accounts[0].lock'), mutex('r2', 'accounts[1].lock')],
    holds: [hold(0, 'r1', acquired), second],
    waits: [wait(0, 'r2', { at: transfer(14), frame: 1 }), wait(1, 'r1', { at: transfer(14), frame: 1 })],
  })
}

export const abba = () => bank(true)
export const suspected = () => bank(false)

export function philosophers(): Snapshot {
  const dine = frame('Philosopher.dine (table.mjs:22:17)', { sourceLine: 'this.#right.lock()' })
  const ids = [1, 2, 3, 4, 5]
  return snapshot({
    threads: [
      thread(0, {
        activity: loop,
        more: {
          loop: { complete: true, sources: [{ kind: 'port', text: '5 ports to workers', outside: false }] },
        },
      }),
      ...ids.map(id =>
        thread(id, {
          activity: parked,
          frames: [lock, dine, frame('(anonymous) (table.mjs:40:3)', { function: '' })],
        }),
      ),
    ],
    resources: ids.map(id => mutex(`r${id}`, `forks[${id - 1}]`)),
    holds: ids.map(id => hold(id, `r${id}`, { at: dine, acquiredAt: at('table.mjs', 21, 16), frame: 1 })),
    waits: ids.map(id => wait(id, `r${(id % 5) + 1}`, { at: dine, frame: 1 })),
  })
}

export function blocked(): Snapshot {
  const get = frame('Cache.get (cache.mjs:9:5)')
  return snapshot({
    threads: [
      thread(0, { activity: parked, frames: [lock, get, frame('main (main.mjs:5:9)'), ...node] }),
      thread(1, { activity: parked, frames: [lock, get, frame('read (reader.mjs:8:3)')] }),
      thread(2, {
        activity: sleeping,
        frames: [frame('pause (slow.mjs:7:11)'), frame('Cache.refresh (cache.mjs:21:7)')],
        more: { name: 'refresher' },
      }),
    ],
    resources: [mutex('r1', 'Cache.#lock'), mutex('r2', 'Cache.#index')],
    holds: [
      hold(1, 'r1', { at: frame('read (reader.mjs:8:3)'), acquiredAt: at('reader.mjs', 7, 9), frame: 2 }),
      hold(2, 'r2', {
        at: frame('Cache.refresh (cache.mjs:21:7)'),
        acquiredAt: at('cache.mjs', 20, 12),
        frame: 1,
      }),
    ],
    waits: [wait(0, 'r1', { at: get, frame: 1 }), wait(1, units('r2'), { at: get, frame: 1 })],
    gaps: [
      {
        what: 'The JavaScript stack of worker 3',
        reason: 'it did not pause within 500 ms',
        remedy: 'sudo impasse --allow-stop 4242',
        thread: 'p4242/t3',
      },
    ],
  })
}

export function busy(): Snapshot {
  const around = [
    frame('parseAll (ingest.mjs:40:5)'),
    frame('onRequest (server.mjs:11:3)'),
    frame('emit (node:events:524:28)'),
    frame('parserOnIncoming (node:_http_server:1025:12)'),
  ]
  const match = (line: number) =>
    frame(`match (ingest.mjs:${line}:22)`, {
      sourceLine: 'while (i < text.length) i = step(text, i)',
      sourceChanged: line === 17,
    })
  const main = thread(0, {
    activity: running,
    looks: [
      { frames: [frame('step (ingest.mjs:9:10)'), match(16), ...around] },
      { frames: [match(17), ...around] },
    ],
  })
  return snapshot({
    threads: [
      main,
      thread(1, { activity: parked, frames: [frame('next (pool.mjs:12:11)')] }),
      ...kernelThreads(),
    ],
    resources: [event('r1', 'jobs[0]')],
    productions: [production(0, 'r1')],
    waits: [wait(1, produced('r1'), { at: frame('next (pool.mjs:12:11)') })],
  })
}

export function idle(): Snapshot {
  return snapshot({
    threads: [
      thread(0, { activity: loop, more: { loop: server } }),
      thread(1, { activity: parked, frames: [frame('next (pool.mjs:12:11)')] }),
      ...kernelThreads(),
    ],
    resources: [event('r1', 'jobs[0]', { complete: { unknown: 'any thread with the buffer could' } })],
    productions: [production(0, 'r1')],
    waits: [wait(1, produced('r1'), { at: frame('next (pool.mjs:12:11)') })],
  })
}

export function healthy(): Snapshot {
  const timer = frame('listOnTimeout (node:internal/timers:581:17)')
  return snapshot({
    threads: [
      thread(0, {
        activity: running,
        looks: [
          { frames: [frame('encode (codec.mjs:8:3)'), timer] },
          { frames: [frame('flush (out.mjs:30:12)'), timer] },
        ],
      }),
    ],
  })
}

/** Two processes, of which one is stuck. */
export function two(): Snapshot {
  const other: Process = process([thread(0, { activity: loop, more: { loop: server } }, 4711)], 4711, {
    argv: ['node', 'api.mjs'],
  })
  const { processes, ...rest } = queue()
  return { ...rest, processes: [other, ...processes] }
}

/** A program whose inspector could not be opened: all that is known comes from the kernel. */
export function outside(): Snapshot {
  const inCall = (name: string, meaning: string, id: string, role: Thread['role'], own = 'node'): Thread => {
    const call = { number: 202, name, meaning, arguments: [] }
    const more = { role, name: own, tid: Number(id.slice(1)), seenBy: ['proc' as const] }
    const base = thread(id, { activity: { kind: 'system-call', call }, more })
    const kernel = { ...base.looks[0]!.kernel, systemCall: call }
    return { ...base, looks: base.looks.map(look => ({ ...look, kernel })) }
  }
  const forOther = 'waits for another thread, no time limit (futex)'
  const main = { ...thread(0, { activity: loop }), seenBy: ['proc' as const] }
  const threads = [
    main,
    inCall('futex', forOther, 'n4250', 'worker'),
    ...['n4251', 'n4252', 'n4253'].map(id => inCall('futex', forOther, id, 'v8')),
    inCall('epoll_pwait', 'event loop, no timer', 'n4254', 'v8'),
    inCall('futex', forOther, 'n4255', 'libuv-pool'),
    inCall('read', 'reads a pipe (fd 7)', 'n4256', 'libuv-pool'),
    inCall('futex', forOther, 'n4257', 'other', 'sqlite'),
    inCall('futex', forOther, 'n4258', 'other', 'sqlite'),
  ]
  const gap = {
    what: 'the JavaScript stacks of all threads',
    reason: 'The inspector was not used, as asked.',
    remedy: 'Leave out --no-inspector to see JavaScript stacks.',
  }
  const closed = { access: 'none' as const, port: null }
  return snapshot({ processes: [process(threads, 4242, { inspector: closed, pausedMs: 0, gaps: [gap] })] })
}

/** A server that waits by a shell for the end of a program, which asks this server: three processes, of which one is no Node. */
export function asked(): Snapshot {
  const spawned = { number: 281, name: 'epoll_pwait', arguments: ['0x12'] }
  const waits = {
    number: 61,
    name: 'wait4',
    meaning: 'waits for child 4712 (node client.mjs) to end',
    arguments: [],
  }
  const render = frame('render (pages.mjs:31:3)', { sourceLine: "execSync('node client.mjs')" })
  const main = thread(0, {
    activity: {
      kind: 'system-call',
      call: { ...spawned, meaning: 'spawnSync or execSync: waits for child 4711 (sh -c node client.mjs)' },
    },
    more: { undisturbed: { from: 12, to: 48 } },
    frames: [
      frame('spawnSync (node:internal/child_process:1120:20)'),
      render,
      frame('onRequest (server.mjs:11:3)'),
    ],
  })
  const shell = thread(
    'n4711',
    {
      activity: { kind: 'system-call', call: waits },
      more: { role: 'other', name: 'sh', undisturbed: { from: 12, to: 48 } },
    },
    4711,
  )
  const source = { kind: 'socket', text: 'connected to 127.0.0.1:8080 (process 4242)', outside: true, fd: 18 }
  const client = thread(0, { activity: loop, more: { loop: { complete: true, sources: [source] } } }, 4712)
  const unknown = { unknown: 'it is not Node' }
  const other = { name: 'other' as const, version: unknown, v8: unknown, arch: 'x64' }
  const exit = (id: string, pid: number, of: number) =>
    event(id, `the end of process ${pid}`, { kind: 'exit', process: `p${of}` })
  const data = event('p4712/r1', 'data from 127.0.0.1:8080 (fd 18, not accepted yet)', {
    kind: 'data',
    process: 'p4712',
  })
  return snapshot({
    processes: [
      process([main, ...kernelThreads()], 4242, { argv: ['node', 'server.mjs'] }),
      process([shell], 4711, { argv: ['/bin/sh', '-c', 'node client.mjs'], runtime: other }),
      process([client], 4712, { argv: ['node', 'client.mjs'] }),
    ],
    resources: [exit('p4242/r1', 4711, 4242), exit('p4711/r1', 4712, 4711), data],
    productions: [
      production('p4711/n4711', 'p4242/r1'),
      production('p4712/t0', 'p4711/r1'),
      production(0, 'p4712/r1'),
    ],
    waits: [
      wait(0, produced('p4242/r1'), { at: render, frame: 1, call: 'spawnSync or execSync' }),
      wait('p4711/n4711', produced('p4711/r1'), { call: 'wait4', at: { unknown: 'it runs no JavaScript' } }),
      wait('p4712/t0', produced('p4712/r1'), {
        call: 'its event loop',
        at: { unknown: 'no code of it is on the stack' },
      }),
    ],
  })
}
