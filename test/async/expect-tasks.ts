import { expect } from 'vitest'
import { report as reportSchema } from '../../src/snapshot/report-schema.ts'
import { runImpasse } from '../support/run-impasse.ts'
import { type Fixture, startFixture } from '../support/spawn-fixture.ts'
import type { AsyncEdge, AsyncProgram } from './programs.ts'

interface ReportFrame {
  readonly function: string
  readonly class: string | null
  readonly file: string
  readonly line: number
}

/** Runs a program, looks at it, and compares the report with what is expected. */
export async function expectTasks(program: AsyncProgram, node: string): Promise<void> {
  await expectReport(await startAsync(program, node), program)
}

/** Resolves when all of its functions stand where they will stay. */
export async function startAsync(program: AsyncProgram, node: string): Promise<Fixture> {
  const fixture = await startFixture(`async/${program.file}`, {
    execArgv: ['--inspect-port=0'],
    node,
    args: program.args ?? [],
  })
  // It prints its line a moment before the last of them does.
  await new Promise(resolve => setTimeout(resolve, 400))
  return fixture
}

/** Looks at a program that runs, and compares the report with what is expected. */
export async function expectReport(
  fixture: Fixture,
  program: AsyncProgram,
  options: readonly string[] = [],
): Promise<void> {
  const { stdout, stderr, code } = await runImpasse([String(fixture.pid), '--json', ...options])
  expect(stderr).toBe('')
  const report = JSON.parse(stdout)
  expect(reportSchema.parse(report)).toEqual(report)
  const told = JSON.stringify(
    { findings: report.findings, tasks: report.processes[0].tasks, gaps: report.processes[0].gaps },
    null,
    1,
  )
  expect(report.verdict.status, told).toBe(program.verdict)
  expect(code).toBe(program.verdict === 'idle' ? 0 : 1)
  if (program.verdict === 'idle') expect(report.findings, told).toEqual([])
  if (program.kind !== undefined) expect(report.findings[0].kind, told).toBe(program.kind)
  if (program.cycle !== undefined) expectCycle(report, program.cycle)
  // A heap snapshot has fewer texts.
  if (options.length > 0) return
  const waits: string[] = report.processes[0].tasks.map((task: { waits: string }) =>
    withoutNumbers(task.waits),
  )
  expect(waits).toEqual(expect.arrayContaining([...(program.waits ?? [])]))
}

/** Ports, process ids and names of temporary folders differ from run to run. */
function withoutNumbers(text: string): string {
  return text.replace(/\d{4,}/g, '…').replace(/(impasse-leaves)-\w+/, '$1…')
}

function expectCycle(
  report: { findings: { cycle: unknown[] }[]; resources: { id: string; label: string }[] },
  cycle: readonly AsyncEdge[],
): void {
  const labels = new Map(report.resources.map(({ id, label }) => [id, label]))
  const seen = (
    report.findings[0]!.cycle as {
      at: ReportFrame
      acquiredAt: ReportFrame
      request: { resource: string }
    }[]
  ).map(edge => ({
    waits: frameText(edge.at),
    acquired: frameText(edge.acquiredAt),
    label: String(labels.get(edge.request.resource)),
  }))
  const sorted = (edges: readonly AsyncEdge[]) =>
    [...edges].sort((a, b) => (a.waits + a.label).localeCompare(b.waits + b.label))
  const wanted = sorted(cycle)
  expect(sorted(seen)).toEqual(
    wanted.map(({ waits, acquired, label }) => ({
      waits,
      label,
      acquired: acquired === undefined ? expect.anything() : expect.stringContaining(acquired),
    })),
  )
}

function frameText(frame: ReportFrame): string {
  if (frame.function === undefined) return ''
  const name = frame.class === null ? frame.function : `${frame.class}.${frame.function}`
  return `${name} (${String(frame.file).split('/').at(-1)}:${frame.line})`
}
