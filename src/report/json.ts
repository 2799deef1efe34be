/** The report for a machine. */
import type { Diagnosis, Edge, Finding, ThreadVerdict } from '../diagnosis/diagnosis.ts'
import { requestParts } from '../diagnosis/request-parts.ts'
import { runningTest } from '../diagnosis/running-test.ts'
import { cpuBetween } from '../diagnosis/standstill.ts'
import { lastLook } from '../diagnosis/stay.ts'
import type { ImpasseError } from '../errors.ts'
import {
  type Frame,
  isUnknown,
  type Place,
  type Process,
  type Snapshot,
  type Thread,
  type Unknown,
} from '../snapshot/model.ts'
import type {
  ErrorReport,
  Report,
  ReportEdge,
  ReportFinding,
  ReportProcess,
  ReportResource,
  ReportThread,
} from '../snapshot/report.ts'

export interface JsonOptions {
  /** False: without the snapshot, from which any other report can be made again. */
  readonly snapshot?: boolean
}

/** The report as JSON text, with a line feed at its end. */
export function renderJson(snapshot: Snapshot, diagnosis: Diagnosis, options: JsonOptions = {}): string {
  const report = toReport(snapshot, diagnosis)
  return `${JSON.stringify(options.snapshot === false ? report : { ...report, snapshot }, null, 2)}\n`
}

/** What `--json` prints with exit code 2. */
export function renderErrorJson({
  code,
  message,
  help,
}: Pick<ImpasseError, 'code' | 'message' | 'help'>): string {
  const report: ErrorReport = { format: 'impasse-report', version: 1, error: { code, message, help } }
  return `${JSON.stringify(report, null, 2)}\n`
}

/** The report as data, without its snapshot. */
export function toReport(snapshot: Snapshot, diagnosis: Diagnosis): Report {
  const { tool, host, capturedAt, looks, cost, processes } = snapshot
  const verdicts = new Map(diagnosis.threads.map(verdict => [verdict.thread, verdict]))
  return {
    format: 'impasse-report',
    version: 1,
    tool,
    host,
    capturedAt,
    looks,
    pausedMs: Math.max(0, ...processes.map(({ pausedMs }) => pausedMs)),
    cost,
    verdict: diagnosis.verdict,
    findings: diagnosis.findings.map(toFinding),
    processes: processes.map(process => toProcess(process, snapshot, diagnosis, verdicts)),
    resources: toResources(snapshot),
  }
}

function toFinding({ kind, status, title, explanation, ...rest }: Finding): ReportFinding {
  const { parties, victims, cycle, edges, advice, doubts } = rest
  return {
    kind,
    status,
    title,
    explanation,
    parties,
    victims,
    cycle: cycle.map(toEdge),
    edges: edges.map(toEdge),
    advice,
    doubts,
  }
}

function toEdge({ from, to, ask, wait, by, how, sure, doubt, evidence }: Edge): ReportEdge {
  const acquiredAt: Frame | Unknown =
    by.kind === 'hold'
      ? acquisition(by.hold.at, by.hold.acquiredAt)
      : { unknown: 'nothing is acquired: it has to come into being' }
  return { from, to, request: ask, at: wait.at, acquiredAt, how, sure, ...(doubt && { doubt }), evidence }
}

/** The acquiring function's frame, at the place of the call that acquired. */
function acquisition(at: Frame | Unknown, place: Place | Unknown): Frame | Unknown {
  if (isUnknown(at) || isUnknown(place)) return at
  if (at.line === place.line && at.column === place.column) return at
  // These tell of the call in progress, not of the one that acquired.
  const { sourceLine, generated, via, ...frame } = at
  return { ...frame, ...place }
}

function toProcess(
  process: Process,
  snapshot: Snapshot,
  diagnosis: Diagnosis,
  verdicts: ReadonlyMap<string, ThreadVerdict>,
): ReportProcess {
  const { id, pid, label, argv, cwd, runtime, threads, gaps } = process
  const { status, summary } = diagnosis.processes.find(verdict => verdict.process === id) ?? diagnosis.verdict
  return {
    id,
    pid,
    ...(label !== undefined && { label }),
    argv,
    cwd,
    runtime,
    verdict: { status, summary },
    test: runningTest(process) ?? null,
    threads: threads.map(thread => toThread(thread, verdicts.get(thread.id))),
    tasks: toTasks(process, snapshot),
    gaps,
  }
}

function toThread(thread: Thread, verdict: ThreadVerdict | undefined): ReportThread {
  const { id, tid, name, role, loop, seenBy } = thread
  const look = lastLook(thread)
  const between = cpuBetween(thread)
  const kernel = look?.kernel ?? { unknown: 'the thread was not looked at' }
  return {
    id,
    tid,
    name,
    role,
    activity: look?.activity ?? { kind: 'unknown', why: 'the thread was not looked at' },
    verdict: verdict ? { status: verdict.status, summary: verdict.summary } : null,
    cpuMs: isUnknown(kernel) ? kernel : { total: kernel.cpuMs, between: between ?? 0 },
    frames: look?.frames ?? [],
    loop: loop ?? null,
    seenBy,
  }
}

/** Tasks are known by their functions, or else by what they wait for, hold or bring. */
function toTasks(
  { id: process, tasks: seen = [] }: Process,
  { waits, holds, productions }: Snapshot,
): ReportProcess['tasks'] {
  const tasks = new Map<string, string[]>(seen.map(({ id }) => [id, []]))
  for (const { party } of [...waits, ...holds, ...productions]) {
    const parts = party.split('/')
    if (parts.length === 3 && parts[0] === process && !tasks.has(party)) tasks.set(party, [])
  }
  for (const { party, request } of waits)
    tasks.get(party)?.push(...requestParts(request).asks.map(({ resource }) => resource))
  const known = new Map(seen.map(task => [task.id, task]))
  return [...tasks].map(([id, waitsFor]) => {
    const task = known.get(id)
    const base = { id, thread: id.split('/', 2).join('/'), waitsFor }
    if (task === undefined) return base
    const { waitsFor: waits, waitKind, awaits, frames, label } = task
    return { ...base, waits, waitKind, awaits, frames, ...(label !== undefined && { label }) }
  })
}

function toResources({ resources, holds, productions, waits }: Snapshot): readonly ReportResource[] {
  const holders = new Map<string, ReportResource['holders'][number][]>(resources.map(({ id }) => [id, []]))
  const waiters = new Map<string, Set<string>>(resources.map(({ id }) => [id, new Set()]))
  for (const { party, resource, units, at, acquiredAt, how, sure, evidence } of holds)
    holders
      .get(resource)
      ?.push({ party, units, acquiredAt: acquisition(at, acquiredAt), how, sure, evidence })
  const consumable = new Set(resources.flatMap(({ id, sort }) => (sort === 'consumable' ? [id] : [])))
  // Who may release a unit of a semaphore that it does not hold is none of its holders.
  for (const { party, resource, how, sure, evidence } of productions.filter(one =>
    consumable.has(one.resource),
  ))
    holders.get(resource)?.push({ party, units: null, acquiredAt: null, how, sure, evidence })
  for (const { party, request } of waits)
    for (const { resource } of requestParts(request).asks) waiters.get(resource)?.add(party)
  return resources.map(({ id, kind, label, capacity, free, complete }) => ({
    id,
    kind,
    label,
    capacity,
    free,
    holders: holders.get(id)!,
    waiters: [...waiters.get(id)!],
    complete,
  }))
}
