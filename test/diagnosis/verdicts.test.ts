/** Each status of a thread and of the whole, with the healthy programs that look alike. */
import { describe, expect, test } from 'vitest'
import { diagnose } from '../../src/diagnosis/diagnose.ts'
import { exitCode } from '../../src/diagnosis/exit-code.ts'
import type { Activity, Frame, Thread } from '../../src/snapshot/model.ts'
import {
  anyOf,
  deadline,
  event,
  type Facts,
  frame,
  hold,
  loop,
  mutex,
  parkedThreads,
  process,
  produced,
  production,
  reading,
  running,
  sleeping,
  snapshot,
  thread,
  units,
  wait,
} from './build.ts'

function of(facts: Facts) {
  const diagnosis = diagnose(snapshot(facts))
  return {
    ...diagnosis,
    status: diagnosis.verdict.status,
    summary: diagnosis.verdict.summary,
    kinds: diagnosis.findings.map(({ kind }) => kind),
    each: diagnosis.threads.map(({ status }) => status),
  }
}

const lock = frame('Mutex.lock (sync.mjs:12:15)')

describe('blocked', () => {
  test('behind a lock whose holder sleeps with a timeout', () => {
    const slow = thread(1, { activity: sleeping, frames: [frame('nap (slow.mjs:7:3)')] })
    const { status, summary, findings } = of({
      threads: [parkedThreads(1)[0]!, slow],
      resources: [mutex('a', 'Cache.#lock')],
      holds: [hold(1, 'a')],
      waits: [wait(0, 'a', { at: frame('Cache.get (cache.mjs:3:5)') })],
    })
    expect({ status, findings }).toEqual({ status: 'blocked', findings: [] })
    expect(summary).toBe(
      'main thread waits for Cache.#lock in Cache.get (cache.mjs:3:5), held by worker 1, ' +
        'which sleeps in a timed wait (Atomics.wait, 30 s) in nap (slow.mjs:7:3)',
    )
  })

  test('three waiters in line behind a live holder', () => {
    const { status, findings, threads } = of({
      threads: [...parkedThreads(3), thread(3, { activity: sleeping, frames: [lock] })],
      resources: ['a', 'b', 'c'].map(id => mutex(id)),
      holds: [hold(1, 'a'), hold(2, 'b'), hold(3, 'c')],
      waits: [wait(0, 'a'), wait(1, 'b'), wait(2, 'c'), wait(3, { kind: 'outside', what: 'its time limit' })],
    })
    expect({ status, findings }).toEqual({ status: 'blocked', findings: [] })
    expect(threads[0]?.chain.map(({ to }) => to)).toEqual(['p4242/t1', 'p4242/t2', 'p4242/t3'])
    expect(threads[0]?.summary).toContain('at the head of the line is worker 3')
  })

  test('a wait with a deadline that leaves says until when', () => {
    const { status, summary } = of({
      threads: parkedThreads(1),
      resources: [mutex('a')],
      holds: [hold(0, 'a')],
      waits: [wait(0, anyOf(units('a'), deadline(true)))],
    })
    expect(status).toBe('blocked')
    expect(summary).toContain('for at most 500 ms')
  })

  test('a system call that has not returned', () => {
    const { status, kinds, summary } = of({
      threads: [
        thread(0, { activity: reading, frames: [frame('readSync (node:fs:9:9)'), frame('ask (a.mjs:2:3)')] }),
      ],
    })
    expect({ status, kinds }).toEqual({ status: 'blocked', kinds: ['native-block'] })
    expect(summary).toBe('main thread is blocked in a system call: reads a pipe (fd 0)')
  })

  test('main parked for an answer that a worker computes', () => {
    const { each, status } = of({
      threads: [
        parkedThreads(1)[0]!,
        thread(1, { activity: running, looks: [{ frames: [frame('a (a.mjs:1:1)')] }] }),
      ],
      resources: [event('e')],
      productions: [production(1, 'e')],
      waits: [wait(0, produced('e'))],
    })
    expect({ each, status }).toEqual({ each: ['blocked', 'healthy'], status: 'blocked' })
  })

  test('an unknown thread is live: whoever waits for it is not stuck', () => {
    const unseen = thread(1, { activity: { kind: 'unknown', why: 'it did not answer' } })
    const { status, findings } = of({
      threads: [parkedThreads(1)[0]!, unseen],
      resources: [mutex('a'), mutex('b')],
      holds: [hold(1, 'a'), hold(0, 'b')],
      waits: [wait(0, 'a'), wait(1, 'b')],
    })
    expect(status).toBe('blocked')
    expect(findings.map(({ kind }) => kind)).toEqual(['native-block'])
  })
})

describe('busy', () => {
  const stack = (line: number, ...more: Frame[]) => [
    ...more,
    frame(`spin (busy.mjs:${line}:5)`),
    frame('main (busy.mjs:20:1)'),
    frame('run (node:internal/modules/run_main:1:1)'),
  ]
  const looks = (...stacks: Frame[][]) =>
    thread(0, { activity: running, looks: stacks.map(frames => ({ frames })), count: stacks.length })

  test('one call in all looks, CPU spent', () => {
    const { status, findings } = of({ threads: [looks(stack(3), stack(5, frame('step (busy.mjs:9:9)')))] })
    expect(status).toBe('busy')
    expect(findings).toMatchObject([{ kind: 'busy-loop', standstill: { cpuMs: 40, spanMs: 40 } }])
    expect(findings[0]?.standstill?.stayed.map(each => each.function)).toEqual(['spin', 'main', 'run'])
  })

  test('needs two looks', () => {
    expect(of({ threads: [looks(stack(3))], looks: 1 }).status).toBe('healthy')
  })

  test('different calls from the event loop are work', () => {
    const timer = frame('listOnTimeout (node:internal/timers:581:17)')
    const { status } = of({
      threads: [looks([frame('a (a.mjs:1:1)'), timer], [frame('b (b.mjs:1:1)'), timer])],
    })
    expect(status).toBe('healthy')
  })

  test('equal stacks, but the loop turned in between: many short calls, not one long one', () => {
    const turning = [stack(3), stack(3)].map((frames, at) => ({ frames, loopTurns: 100 + at }))
    expect(of({ threads: [thread(0, { activity: running, looks: turning, cpu: [100, 140] })] }).status).toBe(
      'healthy',
    )
    const standing = turning.map(look => ({ ...look, loopTurns: 100 }))
    expect(of({ threads: [thread(0, { activity: running, looks: standing, cpu: [100, 140] })] }).status).toBe(
      'busy',
    )
  })

  test('no common frame, but the loop never turned: promise callbacks that never run out', () => {
    const microtasks = [[frame('drain (a.mjs:3:3)')], []].map(frames => ({ frames, loopTurns: 7 }))
    const { status, findings } = of({
      threads: [thread(0, { activity: running, looks: microtasks, cpu: [100, 140] })],
    })
    expect(status).toBe('busy')
    expect(findings).toMatchObject([{ kind: 'busy-loop', standstill: { stayed: [], cpuMs: 40 } }])
    const turning = microtasks.map((look, at) => ({ ...look, loopTurns: at }))
    expect(of({ threads: [thread(0, { activity: running, looks: turning, cpu: [100, 140] })] }).status).toBe(
      'healthy',
    )
  })

  test('no CPU time: not busy', () => {
    const still = thread(0, { activity: running, frames: stack(3), cpu: [100, 100] })
    const kernel = { ...still.looks[0]!.kernel, state: 'S' } as never
    expect(
      of({ threads: [{ ...still, looks: still.looks.map(look => ({ ...look, kernel })) }] }).status,
    ).toBe('healthy')
  })

  test('pool workers that wait for a job do not hide it', () => {
    const { status, each } = of({
      threads: [looks(stack(3), stack(4)), parkedThreads(2)[1]!],
      resources: [event('jobs')],
      productions: [production(0, 'jobs')],
      waits: [wait(1, produced('jobs'))],
    })
    expect({ status, each }).toEqual({ status: 'busy', each: ['busy', 'idle'] })
  })

  test('a spin lock: busy behind a live holder, deadlock behind a stuck one', () => {
    const spinner = thread(1, {
      activity: running,
      frames: [frame('spin (lock.mjs:4:4)'), frame('go (w.mjs:1:1)')],
    })
    const facts: Facts = {
      threads: [thread(0, { activity: sleeping, frames: [frame('nap (slow.mjs:7:3)')] }), spinner],
      resources: [mutex('a')],
      holds: [hold(0, 'a')],
      waits: [wait(1, 'a', { frame: 0 })],
    }
    const { findings, each } = of(facts)
    expect(findings).toMatchObject([{ kind: 'spin-wait', status: 'busy' }])
    expect(each).toEqual(['blocked', 'busy'])

    const stuck = of({
      ...facts,
      threads: [parkedThreads(1)[0]!, spinner],
      waits: [...facts.waits!, wait(0, 'a')],
    })
    expect(stuck.findings).toMatchObject([{ kind: 'reentrancy', status: 'deadlock', victims: ['p4242/t1'] }])
    expect(stuck.each).toEqual(['deadlock', 'deadlock'])
  })
})

describe('idle and healthy', () => {
  test('an idle server', () => {
    const { status, summary } = of({ threads: [thread(0, { activity: loop })] })
    expect(status).toBe('idle')
    expect(summary).toBe('main thread is in its event loop; nothing points to a hang')
  })

  test('pool workers parked for jobs, every thread a possible producer', () => {
    const { status, each, findings } = of({
      threads: [thread(0), ...parkedThreads(4).slice(1)],
      resources: [event('jobs', 'jobs', { complete: { unknown: 'any thread with the buffer' } })],
      productions: [0, 1, 2, 3].map(who => production(who, 'jobs')),
      waits: [1, 2, 3].map(who => wait(who, produced('jobs'))),
    })
    expect({ status, findings }).toEqual({ status: 'idle', findings: [] })
    expect(each).toEqual(['idle', 'idle', 'idle', 'idle'])
  })

  test('a worker that main waits for is blocked, not idle', () => {
    const { each } = of({
      threads: parkedThreads(2),
      resources: [event('answer'), event('question', 'question', { complete: { unknown: 'x' } })],
      productions: [production(1, 'answer'), production(0, 'question')],
      waits: [wait(0, produced('answer')), wait(1, produced('question'))],
    })
    expect(each).toEqual(['blocked', 'blocked'])
  })

  test('looks that differ are work, and idle workers do not make it less', () => {
    const main = thread(0, {
      looks: [
        { activity: running, frames: [frame('a (a.mjs:1:1)')] },
        { activity: loop, frames: [] },
      ],
    })
    expect(of({ threads: [main, thread(1)] })).toMatchObject({ status: 'healthy', each: ['healthy', 'idle'] })
  })

  test('an incomplete list of holders: blocked, never suspected', () => {
    const { status, findings, summary } = of({
      threads: parkedThreads(1),
      resources: [mutex('a', 'a', { complete: { unknown: 'worker 2 did not answer' } })],
      waits: [wait(0, 'a')],
    })
    expect({ status, findings }).toEqual({ status: 'blocked', findings: [] })
    expect(summary).toContain('who holds it is not known: worker 2 did not answer')
  })
})

describe('orphaned-lock and lost-wakeup are suspected at most', () => {
  const orphan: Facts = {
    threads: parkedThreads(2),
    resources: [mutex('a', 'log lock')],
    waits: [wait(0, 'a')],
  }

  test('a taken lock without a holder', () => {
    expect(of(orphan)).toMatchObject({
      status: 'suspected',
      kinds: ['orphaned-lock'],
      each: ['suspected', 'blocked'],
    })
  })

  test('and those behind its waiter are victims', () => {
    const { findings } = of({
      ...orphan,
      resources: [...orphan.resources!, mutex('b')],
      holds: [hold(0, 'b')],
      waits: [...orphan.waits!, wait(1, 'b')],
    })
    expect(findings).toMatchObject([{ parties: ['p4242/t0'], victims: ['p4242/t1'] }])
  })

  test('healthy with one look, or where the waiter moves', () => {
    const threads = parkedThreads(1)
    const [first, second] = threads[0]!.looks
    const moved = { ...threads[0]!, looks: [{ ...first!, frames: first!.frames.slice(1) }, second!] }
    expect(of({ ...orphan, threads: [moved] }).status).toBe('healthy')
    const once = { ...threads[0]!, looks: threads[0]!.looks.slice(0, 1) }
    expect(of({ ...orphan, threads: [once], looks: 1 }).status).toBe('blocked')
  })

  test('nobody is left that could bring it', () => {
    expect(
      of({ threads: parkedThreads(1), resources: [event('e')], waits: [wait(0, produced('e'))] }),
    ).toMatchObject({
      status: 'suspected',
      kinds: ['lost-wakeup'],
      summary: 'main thread still sleeps at e, and nobody is left that could wake it',
    })
  })

  const word = { buffer: 'b1', byte: 0, value: 1, shared: true }
  const unannounced = {
    place: { file: '/app/a.mjs', line: 7, column: 3 },
    text: 'Atomics.store(words, 0, 1)',
  }
  const changed = (steady: boolean): Facts => ({
    threads: [thread(0), parkedThreads(2)[1]!],
    resources: [event('e', 'e', { word: { ...word, steady }, unannounced })],
    productions: [production(0, 'e')],
    waits: [wait(1, produced('e'), { expected: 0 })],
  })

  test('the word has changed and nobody is about to notify', () => {
    expect(of(changed(true))).toMatchObject({ status: 'suspected', kinds: ['lost-wakeup'] })
  })

  test('who is not the one that was notified sleeps on with good reason', () => {
    const facts = changed(true)
    const resources = [event('e', 'e', { word: { ...word, steady: true } })]
    expect(of({ ...facts, resources })).toMatchObject({ status: 'idle', findings: [] })
  })

  test('a change that was read once may be on its way', () => {
    expect(of(changed(false))).toMatchObject({ status: 'idle', findings: [] })
  })

  test('a thread that runs may be about to notify', () => {
    const busy = thread(0, { activity: running, looks: [{ frames: [frame('a (a.mjs:1:1)')] }] })
    expect(of({ ...changed(true), threads: [busy, parkedThreads(2)[1]!] }).kinds).not.toContain('lost-wakeup')
  })
})

test.each([
  ['blocked', undefined, 1],
  ['blocked', ['deadlock'], 0],
  ['idle', undefined, 0],
  ['idle', ['idle'], 1],
] as const)('exit code of %s with --fail-on %s is %i', (status, failOn, code) => {
  const diagnosis = { verdict: { status, summary: '' }, findings: [], processes: [], threads: [] }
  expect(exitCode(diagnosis, failOn)).toBe(code)
})

describe('in the words of a reader', () => {
  test('a reason names threads, not ids', () => {
    const complete = { unknown: 'p4242/t1 may hold it: `own.lock()` could not be evaluated' }
    const drain = { ...parkedThreads(2)[1]!, name: 'drain' }
    const { summary } = of({
      threads: [parkedThreads(1)[0]!, drain],
      resources: [mutex('a', 'a', { complete })],
      waits: [wait(0, 'a')],
    })
    expect(summary).toMatch(/who holds it is not known: worker 1 "drain" may hold it: `own\.lock\(\)`/)
  })

  test('an event whose bringer is not known', () => {
    const resources = [event('e', 'e', { complete: { unknown: 'a thread was not read' } })]
    const { summary } = of({ threads: parkedThreads(1), resources, waits: [wait(0, produced('e'))] })
    expect(summary).toMatch(/; who would wake it is not known: a thread was not read/)
  })

  test('a thread that has left its wait was parked', () => {
    const [parked] = parkedThreads(1)
    const [first, second] = parked!.looks
    const moved = { ...parked!, looks: [{ ...first!, frames: first!.frames.slice(1) }, second!] }
    const { status, summary } = of({ threads: [moved] })
    expect({ status, summary }).toEqual({
      status: 'healthy',
      summary:
        'work is being done: main thread was parked in Atomics.wait in Mutex.lock (sync.mjs:12:15) and has moved on between the looks',
    })
  })

  test('both acquisitions in one call, and between two', () => {
    const again = (function_: string, taken: number) => {
      const at = frame(`run (main.mjs:3:5)`, { function: function_ })
      const stack = [lock, at, frame('main (main.mjs:9:1)')]
      return of({
        threads: [
          thread(0, { activity: { kind: 'parked', in: 'Atomics.wait', timeoutMs: null }, frames: stack }),
        ],
        resources: [mutex('g')],
        holds: [hold(0, 'g', { at, frame: taken })],
        waits: [wait(0, 'g', { at, frame: 1 })],
      }).findings.map(({ advice }) => advice)
    }
    expect(again('run', 1)).toEqual(['release g before taking it a second time in run'])
    expect(again('(module)', 1)).toEqual([
      "release g before taking it a second time at the module's top level",
    ])
    expect(again('(module)', 2)).toEqual([
      "release g before the module's top level calls out to code that may take it again, or use a lock that its owner may re-enter",
    ])
  })
})

describe('where only the kernel was asked', () => {
  const inLoop: Activity = {
    kind: 'system-call',
    call: {
      number: 281,
      name: 'epoll_pwait',
      meaning: 'event loop, next timer after 12014 ms',
      arguments: [],
    },
  }
  const kernelOnly = (one: Thread): Thread => ({ ...one, seenBy: ['proc'] })
  const closed = (threads: Thread[]): Facts => ({
    processes: [process(threads, 4242, { inspector: { access: 'none', port: null } })],
  })

  test('a wait in the event loop is idle, and the verdict is hedged', () => {
    const { status, summary } = of(closed([kernelOnly(thread(0, { activity: inLoop, cpu: [100, 101] }))]))
    expect({ status, summary }).toEqual({
      status: 'idle',
      summary:
        'main thread is in its event loop; nothing points to a hang, but no JavaScript stack could be seen',
    })
  })

  test('a thread that did not answer the inspector is not in its event loop, whatever the kernel shows', () => {
    expect(of({ threads: [thread(0, { activity: inLoop })] }).status).toBe('blocked')
  })

  test('a worker has no number, and what would show its stack is said', () => {
    const worker = thread('n77', { activity: reading, more: { role: 'worker', name: 'node', tid: 77 } })
    const { summary, findings } = of(closed([kernelOnly(thread(0)), kernelOnly(worker)]))
    expect(summary).toBe('a worker (tid 77) is blocked in a system call: reads a pipe (fd 0)')
    expect(findings[0]!.advice).toMatch(/cannot be told without its stack; `gdb -p 4242` shows/)
  })
})
