/**
 * The one definition of the `--json` report. Names are stable from version 1 on. As schema.ts, it is loaded only where
 * a report is read or validated.
 */
import { z } from 'zod'
import * as model from './schema.ts'

export const status = z.enum(['deadlock', 'suspected', 'blocked', 'busy', 'idle', 'healthy'])

export const findingKind = z.enum([
  'reentrancy',
  'cycle',
  'exhaustion',
  'cross-process',
  'stranded',
  'orphaned-lock',
  'lost-wakeup',
  'threadpool-starvation',
  'native-block',
  'busy-loop',
  'spin-wait',
  'lock-order',
])

export const verdict = z.object({ status, summary: z.string() })

const maybeFrame = z.union([model.frame, model.unknown])

/** `from` cannot go on before `to` does. */
export const edge = z.object({
  from: model.partyId,
  to: model.partyId,
  /** What `from` asks of which resource: some of its units, or that it comes into being. */
  request: z.union([
    z.object({
      kind: z.literal('units'),
      resource: z.string(),
      units: z.number(),
      mode: z.enum(['shared', 'exclusive']).optional(),
    }),
    z.object({ kind: z.literal('produced'), resource: z.string() }),
  ]),
  at: maybeFrame,
  /** The function that acquired it, at the place of the acquiring call. */
  acquiredAt: maybeFrame,
  how: model.how,
  sure: z.boolean(),
  /** Why it is not sure. */
  doubt: z.string().optional(),
  evidence: z.string(),
})

export const finding = z.object({
  kind: findingKind,
  /** Null for a finding that is no hang (`lock-order`). */
  status: z.union([status, z.null()]),
  title: z.string(),
  explanation: z.string(),
  parties: z.array(model.partyId),
  /** Parties that only wait behind them. */
  victims: z.array(model.partyId),
  /** In waiting order; empty where there is no cycle. */
  cycle: z.array(edge),
  edges: z.array(edge),
  advice: z.string(),
  /** Why it is no more than suspected. */
  doubts: z.array(z.string()),
})

export const thread = z.object({
  id: model.partyId,
  tid: z.union([z.number(), model.unknown]),
  name: z.string(),
  role: z.enum(['main', 'worker', 'libuv-pool', 'v8', 'inspector', 'other']),
  /** In the last look, as the frames. */
  activity: model.activity,
  /** Null for a thread that runs no JavaScript. */
  verdict: z.union([verdict, z.null()]),
  /** CPU time since the thread's start, and between the first look and the last. */
  cpuMs: z.union([z.object({ total: z.number(), between: z.number() }), model.unknown]),
  frames: z.array(model.frame),
  loop: z.union([model.eventLoop, z.null()]),
  seenBy: z.array(model.seenBy),
})

export const process = z.object({
  id: model.partyId,
  pid: z.number(),
  /** Where its pid does not tell it from others of the report: `4242 on api-1`. */
  label: z.string().optional(),
  argv: z.array(z.string()),
  cwd: z.union([z.string(), model.unknown]),
  runtime: model.runtime,
  verdict,
  /** The test that it runs, where it is a test runner's process; else null. */
  test: z.union([model.currentTest, z.null()]),
  threads: z.array(thread),
  /** Suspended chains of async functions that wait, hold or bring something. */
  tasks: z.array(
    z.object({
      id: model.partyId,
      thread: model.partyId,
      /** Resources. */
      waitsFor: z.array(z.string()),
      /** What the innermost waits for, in words; absent where only a lock tells of the task. */
      waits: z.string().optional(),
      waitKind: z.string().optional(),
      /** The tasks whose return it waits for. */
      awaits: z.array(model.partyId).optional(),
      /** Innermost first. */
      frames: z.array(model.frame).optional(),
      label: z.string().optional(),
    }),
  ),
  gaps: z.array(model.gap),
})

export const resource = z.object({
  id: z.string(),
  kind: z.string(),
  label: z.string(),
  capacity: z.union([z.number(), model.unknown]),
  free: z.union([z.number(), model.unknown]),
  /** Those that hold it, or, for what comes into being, those that can bring it. */
  holders: z.array(
    z.object({
      party: model.partyId,
      /** Null for one that can bring it. */
      units: z.union([z.number(), z.null()]),
      acquiredAt: z.union([maybeFrame, z.null()]),
      how: model.how,
      sure: z.boolean(),
      evidence: z.string(),
    }),
  ),
  waiters: z.array(model.partyId),
  complete: model.completeness,
})

const version = z.literal(1)

export const report = z.object({
  format: z.literal('impasse-report'),
  version,
  tool: model.snapshot.shape.tool,
  host: model.snapshot.shape.host,
  capturedAt: z.string(),
  looks: z.number(),
  /** The longest time that a thread stood paused. */
  pausedMs: z.number(),
  cost: model.snapshot.shape.cost,
  verdict,
  findings: z.array(finding),
  processes: z.array(process),
  resources: z.array(resource),
  /** All that was seen, for `impasse report`; absent with `--no-snapshot`. */
  snapshot: model.snapshot.optional(),
})

/** What `--json` prints with exit code 2: there is no diagnosis. */
export const errorReport = z.object({
  format: z.literal('impasse-report'),
  version,
  error: z.object({ code: z.string(), message: z.string(), help: z.string() }),
})
