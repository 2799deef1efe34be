/**
 * Node's own diagnostic report (`process.report`, https://nodejs.org/api/report.html) as a snapshot: one look at each
 * thread, and what its event loop watches. The environment that such a report holds is left out.
 */
import { redactedArguments } from './secrets.ts'
import type { Data } from './upgrade.ts'

/** Whether parsed JSON is such a report. */
export function isNodeReport(data: Data): boolean {
  const header = part(data, 'header')
  return typeof header.reportVersion === 'number' && typeof header.nodejsVersion === 'string'
}

/** A snapshot of version 1, to be checked like any other. */
export function snapshotOfNodeReport(data: Data): Data {
  const header = part(data, 'header')
  const pid = number(header.processId) ?? 0
  const versions = part(header, 'componentVersions')
  const command = redactedArguments(strings(header.commandLine))
  const workers = Array.isArray(data.workers) ? data.workers.filter(isData) : []
  const trigger = text(header.trigger) ?? 'unknown'
  return {
    format: 'impasse-snapshot',
    version: 1,
    tool: { name: 'impasse', version: `from a diagnostic report of Node ${text(header.nodejsVersion)}` },
    host: {
      platform: text(header.platform) ?? 'unknown',
      arch: text(header.arch) ?? 'unknown',
      kernel: [text(header.osName), text(header.osRelease)].filter(Boolean).join(' '),
    },
    capturedAt: text(header.dumpEventTime) ?? new Date(0).toISOString(),
    looks: 1,
    cost: { wallMs: 0, pausedWaves: 0 },
    processes: [
      {
        id: `p${pid}`,
        pid,
        startTicks: 0,
        startedAt: 'unknown',
        argv: command,
        execArgv: [],
        executable: command[0] ?? '',
        cwd: text(header.cwd) ?? { unknown: 'the report does not tell' },
        uid: -1,
        runtime: {
          name: 'node',
          version: text(header.nodejsVersion) ?? { unknown: 'the report does not tell' },
          v8: text(versions.v8) ?? { unknown: 'the report does not tell' },
          arch: text(header.arch) ?? 'unknown',
        },
        inspector: { access: 'none', port: null },
        pausedMs: 0,
        threads: [threadOf(data, pid), ...workers.map(worker => threadOf(worker, pid))],
        gaps: [
          {
            what: 'locks, and what moves',
            reason: `a diagnostic report of Node (${trigger}) is one look, without the values of variables`,
            remedy: 'impasse <pid> while the process stands still, or a core file of it',
          },
        ],
      },
    ],
    resources: [],
    holds: [],
    productions: [],
    waits: [],
  }
}

function threadOf(report: Data, pid: number): Data {
  const header = part(report, 'header')
  const threadId = number(header.threadId) ?? 0
  const isMain = threadId === 0
  const trace = strings(part(report, 'javascriptStack').stack)
  // The functions that wrote the report itself, innermost.
  const writer = trace.findLastIndex(line => line.includes('(node:internal/process/report:'))
  const frames = trace.slice(writer + 1).flatMap(frameOf)
  return {
    id: `p${pid}/t${threadId}`,
    tid: isMain ? pid : { unknown: 'the report does not tell' },
    threadId,
    name: isMain ? 'main' : '',
    role: isMain ? 'main' : 'worker',
    seenBy: ['agent'],
    looks: [
      {
        at: 0,
        activity: frames.length === 0 ? { kind: 'event-loop' } : { kind: 'running' },
        frames,
        kernel: { unknown: 'a diagnostic report does not tell' },
      },
    ],
    ...(frames.length === 0 && { loop: loopOf(report) }),
  }
}

/** `at Mutex.lock (/app/mutex.js:2:44)`, as V8 writes the trace of an error. */
function frameOf(line: string): readonly Data[] {
  const match = /^\s*at (?:(?<name>.*) \((?<inside>.*)\)|(?<bare>.*))$/.exec(line)
  if (!match?.groups) return []
  const { name = '', inside, bare } = match.groups
  const place = /^(?:file:\/\/)?(?<file>.*):(?<line>\d+):(?<column>\d+)$/.exec(inside ?? bare ?? '')?.groups
  const file = place?.file
  const plain = name.replace(/^(async |new )/, '').replace(/ \[as .*\]$/, '')
  const dot = plain.lastIndexOf('.')
  const [holder, own] = dot > 0 ? [plain.slice(0, dot), plain.slice(dot + 1)] : [null, plain]
  const nowhere = { unknown: 'the trace does not tell' }
  return [
    {
      function: own === '<anonymous>' ? '' : own,
      class: holder === 'Object' || holder === null ? null : holder,
      file: file ?? nowhere,
      line: place ? Number(place.line) : nowhere,
      column: place ? Number(place.column) : nowhere,
      kind: file === undefined ? 'builtin' : 'js',
      owner:
        file === undefined || file.startsWith('node:')
          ? 'node'
          : file.includes('/node_modules/')
            ? 'dependency'
            : 'program',
      seenBy: 'agent',
      confidence: 1,
    },
  ]
}

/** What keeps the loop alive: the referenced and active handles of libuv. */
function loopOf({ libuv }: Data): Data {
  const handles = Array.isArray(libuv) ? libuv.filter(isData) : []
  const sources = handles
    .filter(handle => handle.is_active === true && handle.is_referenced === true)
    .flatMap((handle): readonly Data[] => {
      const text = handleText(handle)
      return text === undefined ? [] : [text]
    })
  return { sources, complete: false }
}

function handleText(handle: Data): Data | undefined {
  const local = endpoint(handle.localEndpoint)
  const remote = endpoint(handle.remoteEndpoint)
  switch (handle.type) {
    case 'timer': {
      const due = number(handle.firesInMsFromNow)
      const when = due === undefined ? '' : `, due in ${Math.max(0, due)} ms`
      return { kind: 'timer', text: `a timer${when}`, outside: true }
    }
    case 'tcp':
      if (remote !== undefined) return { kind: 'socket', text: `connected to ${remote}`, outside: true }
      return { kind: 'server', text: `listens on ${local ?? 'a port'}`, outside: true }
    case 'udp':
      return { kind: 'socket', text: `receives on ${local ?? 'a UDP port'}`, outside: true }
    case 'process':
      return { kind: 'child', text: `child ${number(handle.pid) ?? ''}`.trimEnd(), outside: true }
    case 'signal':
      return { kind: 'signal', text: `handles ${text(handle.signal) ?? 'a signal'}`, outside: true }
    case 'fs_event':
    case 'fs_poll':
      return { kind: 'file watcher', text: `watches ${text(handle.filename) ?? 'a file'}`, outside: true }
    case 'pipe':
    case 'tty':
      return { kind: 'pipe', text: `a ${handle.type}`, outside: true }
    default:
      return undefined
  }
}

function endpoint(value: unknown): string | undefined {
  if (!isData(value)) return undefined
  const host = text(value.ip4) ?? text(value.ip6) ?? text(value.host)
  return host === undefined ? undefined : `${host}:${number(value.port) ?? 0}`
}

function part(data: Data, name: string): Data {
  const value = data[name]
  return isData(value) ? value : {}
}

function isData(value: unknown): value is Data {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter(one => typeof one === 'string') : []
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function number(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}
