import { expect } from 'vitest'
import { report as reportSchema } from '../../src/snapshot/report-schema.ts'
import type { ExpectedEdge, Hang } from './hangs.ts'
import type { Ran } from './run-impasse.ts'

interface ReportFrame {
  readonly function: string
  readonly class: string | null
  readonly file: string
  readonly line: number
  readonly owner: string
}

/** Compares a JSON report with what is expected of a program. */
export function expectHang({ stdout, code, stderr }: Ran, hang: Hang): void {
  expect(stderr).toBe('')
  const report = JSON.parse(stdout)
  // Strict: what the published schema does not name may not be there either.
  expect(reportSchema.parse(report)).toEqual(report)
  expect(report.verdict, stdout).toMatchObject({ status: hang.verdict })
  expect(code).toBe(hang.verdict === 'idle' || hang.verdict === 'healthy' ? 0 : 1)
  const labels = new Map(
    report.resources.map((resource: { id: string; label: string }) => [resource.id, resource.label]),
  )
  if (hang.kind !== undefined) expect(report.findings[0].kind).toBe(hang.kind)
  if (hang.cycle !== undefined) {
    const cycle = report.findings[0].cycle.map(
      (edge: {
        from: string
        to: string
        at: ReportFrame
        acquiredAt: ReportFrame
        request: { resource: string }
      }): ExpectedEdge => ({
        from: threadOf(edge.from),
        to: threadOf(edge.to),
        waits: frameText(edge.at),
        acquired: frameText(edge.acquiredAt),
        label: String(labels.get(edge.request.resource)),
      }),
    )
    expect(cycle).toEqual(hang.cycle)
  }
  if (hang.stack !== undefined) {
    const { thread, frames } = hang.stack
    const seen = report.processes[0].threads.find(({ id }: { id: string }) => threadOf(id) === thread)
    const own = seen.frames.filter(({ owner }: ReportFrame) => owner === 'program').map(frameText)
    expect(own).toEqual(frames)
  }
}

function threadOf(id: string): number {
  return Number(/\/t(\d+)$/.exec(id)?.[1] ?? -1)
}

function frameText(frame: ReportFrame): string {
  const name = frame.class === null ? frame.function : `${frame.class}.${frame.function}`
  return `${name} (${frame.file.split('/').at(-1)}:${frame.line})`
}
