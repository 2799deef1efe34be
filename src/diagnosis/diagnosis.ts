/** What a diagnosis says: plain readonly data, in the words of the model. */
import type { Frame, Hold, How, Production, Request, Resource, Wait } from '../snapshot/model.ts'
import type { Report, ReportFinding } from '../snapshot/report.ts'

/** Worst first. */
export const statuses: readonly Status[] = ['deadlock', 'suspected', 'blocked', 'busy', 'idle', 'healthy']

export type Status = Report['verdict']['status']

/** A status with the sentence that says why. */
export interface Verdict {
  readonly status: Status
  /** One sentence without a full stop, in lower case: it follows the status. */
  readonly summary: string
}

export type FindingKind = ReportFinding['kind']

/** What a party asks of one resource: a leaf of its request. */
export type Ask = Extract<Request, { kind: 'units' | 'produced' }>

/** `from` cannot go on before `to` does: `to` holds what `from` asks for, or has to bring it into being. */
export interface Edge {
  readonly from: string
  readonly to: string
  readonly ask: Ask
  readonly resource: Resource
  readonly wait: Wait
  readonly by:
    | { readonly kind: 'hold'; readonly hold: Hold }
    | { readonly kind: 'production'; readonly production: Production }
  readonly how: How
  readonly sure: boolean
  readonly evidence: string
  /** Why it is not sure. */
  readonly doubt?: string
}

/** What was equal in all looks at a thread that runs. */
export interface Standstill {
  readonly thread: string
  /** The frames that were on the stack in all looks, innermost first, as the last look saw them. */
  readonly stayed: readonly Frame[]
  /** Where the innermost of these frames, the loop, stood in each look. */
  readonly positions: readonly Frame[]
  /** CPU time spent between the first look and the last, where it is known. */
  readonly cpuMs: number | undefined
  readonly spanMs: number
}

export interface Finding {
  readonly kind: FindingKind
  /** Null for a finding that is no hang (`lock-order`). */
  readonly status: Status | null
  /** One sentence without a full stop: it follows the status in the report. */
  readonly title: string
  /** Full sentences. */
  readonly explanation: string
  /** The parties that are to blame, the one that a reader knows best first. */
  readonly parties: readonly string[]
  /** Those that only wait behind them. */
  readonly victims: readonly string[]
  /** The shortest cycle, in waiting order; empty where there is none. */
  readonly cycle: readonly Edge[]
  /** All edges between the parties. */
  readonly edges: readonly Edge[]
  /** The waits of the parties, in the order of the parties. */
  readonly waits: readonly Wait[]
  /** What would break it, one sentence without a full stop, in lower case. */
  readonly advice: string
  /** Why this is no more than suspected, full sentences; empty otherwise. */
  readonly doubts: readonly string[]
  readonly standstill?: Standstill
}

export interface ThreadVerdict extends Verdict {
  readonly thread: string
  /** For a thread that is blocked: who holds what it waits for, what that one waits for, and so on. */
  readonly chain: readonly Edge[]
}

export interface ProcessVerdict extends Verdict {
  readonly process: string
}

export interface Diagnosis {
  readonly verdict: Verdict
  /** Worst first. */
  readonly findings: readonly Finding[]
  readonly processes: readonly ProcessVerdict[]
  /** One for each thread that runs JavaScript, and for those of other programs that are part of a hang or behind one. */
  readonly threads: readonly ThreadVerdict[]
}
