/** Small snapshots, said in few words. */
import type {
  Activity,
  Frame,
  Hold,
  Process,
  Production,
  Request,
  Resource,
  Snapshot,
  Thread,
  ThreadLook,
  Wait,
} from '../../src/snapshot/model.ts'

export const cwd = '/srv/app'

export function frame(text: string, more: Partial<Frame> = {}): Frame {
  const match = /^(?:(\w+)\.)?([^ .]*) \(([^)]+?):(\d+):(\d+)\)$/.exec(text)
  if (!match) throw new Error(`not a frame: ${text}`)
  const [, cls, name, file, line, column] = match
  const node = file!.startsWith('node:')
  return {
    function: name!,
    class: cls ?? null,
    file: node || file!.startsWith('/') ? file! : `${cwd}/${file}`,
    line: Number(line),
    column: Number(column),
    kind: 'js',
    owner: node ? 'node' : file!.includes('node_modules/') ? 'dependency' : 'program',
    seenBy: 'inspector',
    confidence: 1,
    ...more,
  }
}

export const parked: Activity = { kind: 'parked', in: 'Atomics.wait', timeoutMs: null }
export const sleeping: Activity = { kind: 'parked', in: 'Atomics.wait', timeoutMs: 30_000 }
export const loop: Activity = { kind: 'event-loop' }
export const running: Activity = { kind: 'running' }
export const reading: Activity = {
  kind: 'system-call',
  call: { number: 0, name: 'read', meaning: 'reads a pipe (fd 0)', arguments: ['0x0'] },
}

export interface ThreadOptions {
  readonly activity?: Activity
  /** The frames of all looks, or of each. */
  readonly frames?: readonly Frame[]
  readonly looks?: readonly (Partial<ThreadLook> | undefined)[]
  readonly count?: number
  readonly cpu?: readonly number[]
  readonly undisturbed?: Thread['undisturbed'] | null
  readonly more?: Partial<Thread>
}

/** Two looks, 40 ms apart; undisturbed from 12 to 38 when parked or idle. */
export function thread(id: number | string, options: ThreadOptions = {}, pid = 4242): Thread {
  const number = typeof id === 'number' ? id : null
  const { activity = loop, frames = [], count = 2 } = options
  const looks = Array.from(
    { length: count },
    (_, at): ThreadLook => ({
      at: 10 + at * 40,
      activity,
      frames: [...frames],
      kernel: {
        state: activity.kind === 'running' ? 'R' : 'S',
        systemCall: null,
        waitChannel: null,
        cpuMs: options.cpu?.[at] ?? (activity.kind === 'running' ? 100 + at * 40 : 100),
        voluntarySwitches: 5,
        involuntarySwitches: 1,
      },
      ...options.looks?.[at],
    }),
  )
  const stands = activity.kind === 'parked' || activity.kind === 'event-loop'
  const undisturbed = options.undisturbed === null ? undefined : (options.undisturbed ?? { from: 12, to: 48 })
  return {
    id: `p${pid}/${number === null ? id : `t${number}`}`,
    tid: pid + (number ?? 50),
    threadId: number,
    name: number === 0 ? 'main' : '',
    role: number === 0 ? 'main' : number === null ? 'other' : 'worker',
    seenBy: ['inspector', 'proc'],
    looks,
    ...(stands && count > 1 && undisturbed && { undisturbed }),
    ...options.more,
  }
}

export interface Facts {
  readonly threads?: readonly Thread[]
  readonly processes?: readonly Process[]
  readonly resources?: readonly Resource[]
  readonly holds?: readonly Hold[]
  readonly productions?: readonly Production[]
  readonly waits?: readonly Wait[]
  readonly gaps?: Process['gaps']
  readonly looks?: number
}

export function process(threads: readonly Thread[], pid = 4242, more: Partial<Process> = {}): Process {
  return {
    id: `p${pid}`,
    pid,
    startTicks: 1000,
    startedAt: '2026-11-22T10:00:00.000Z',
    argv: ['node', 'main.mjs'],
    connections: [],
    execArgv: [],
    executable: '/usr/bin/node',
    cwd,
    uid: 1000,
    runtime: { name: 'node', version: 'v20.20.2', v8: '11.3', arch: 'x64' },
    inspector: { access: 'opened', port: 9229 },
    pausedMs: 12,
    threads,
    gaps: [],
    ...more,
  }
}

export function snapshot(facts: Facts): Snapshot {
  return {
    format: 'impasse-snapshot',
    version: 2,
    tool: { name: 'impasse', version: '0.1.0' },
    host: { name: 'ci-7', platform: 'linux', arch: 'x64', kernel: '6.8.0' },
    capturedAt: '2026-11-22T12:00:00.000Z',
    looks: facts.looks ?? 2,
    cost: { wallMs: 180, pausedWaves: 4 },
    processes: facts.processes ?? [process(facts.threads ?? [], 4242, { gaps: facts.gaps ?? [] })],
    resources: facts.resources ?? [],
    holds: facts.holds ?? [],
    productions: facts.productions ?? [],
    waits: facts.waits ?? [],
  }
}

export function mutex(id: string, label = id, more: Partial<Resource> = {}): Resource {
  return {
    id,
    sort: 'reusable',
    kind: 'mutex',
    label,
    aliases: [],
    process: 'p4242',
    word: { buffer: 'b1', byte: 0, value: 2, shared: true },
    capacity: 1,
    free: 0,
    complete: true,
    ...more,
  }
}

export function event(id: string, label = id, more: Partial<Resource> = {}): Resource {
  return {
    ...mutex(id, label),
    sort: 'consumable',
    kind: 'event',
    capacity: { unknown: 'events are not counted' },
    ...more,
  }
}

/** `0` is the main thread, `2` worker 2; any other text is an id as it stands. */
export function party(who: number | string): string {
  return typeof who === 'number' ? `p4242/t${who}` : who
}

export function hold(who: number | string, resource: string, more: Partial<Hold> = {}): Hold {
  return {
    party: party(who),
    resource,
    units: 1,
    at: { unknown: 'not given' },
    acquiredAt: { unknown: 'not given' },
    sure: true,
    how: 'inferred',
    evidence: 'Its stack shows the acquisition.',
    ...more,
  }
}

export function maybe(who: number | string, resource: string, more: Partial<Hold> = {}): Hold {
  return hold(who, resource, { sure: false, doubt: 'the acquisition is in a branch', ...more })
}

export function production(
  who: number | string,
  resource: string,
  more: Partial<Production> = {},
): Production {
  return {
    party: party(who),
    resource,
    sure: true,
    how: 'observed',
    evidence: 'It can reach the buffer.',
    ...more,
  }
}

export function wait(who: number | string, request: Request | string, more: Partial<Wait> = {}): Wait {
  return {
    party: party(who),
    request: typeof request === 'string' ? units(request) : request,
    call: 'Atomics.wait(cell, 0, 2)',
    at: { unknown: 'not given' },
    sure: true,
    how: 'observed',
    evidence: 'It is parked in Atomics.wait.',
    ...more,
  }
}

export function units(resource: string, count = 1, mode?: 'shared' | 'exclusive'): Request {
  return { kind: 'units', resource, units: count, ...(mode && { mode }) }
}

export const produced = (resource: string): Request => ({ kind: 'produced', resource })
export const anyOf = (...requests: Request[]): Request => ({ kind: 'anyOf', requests })
export const allOf = (...requests: Request[]): Request => ({ kind: 'allOf', requests })
export const outside: Request = { kind: 'outside', what: 'a request to the server' }
export const deadline = (leaves: boolean): Request => ({ kind: 'deadline', inMs: 500, leaves })

/** Threads 0 … n-1, all parked. */
export function parkedThreads(count: number): Thread[] {
  return Array.from({ length: count }, (_, id) =>
    thread(id, {
      activity: parked,
      frames: [frame(`Mutex.lock (sync.mjs:12:15)`), frame(`work (main.mjs:${id + 1}:3)`)],
    }),
  )
}
