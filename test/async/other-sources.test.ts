import { describe, expect, test } from 'vitest'
import { capture } from '../../src/capture/capture.ts'
import { diagnose } from '../../src/diagnosis/diagnose.ts'
import { expectReport, startAsync } from './expect-tasks.ts'
import { type AsyncProgram, healthy, hung } from './programs.ts'

const here = [...hung, ...healthy].filter(
  ({ minimalMajor = 18 }) => Number.parseInt(process.versions.node, 10) >= minimalMajor,
)

// One process for both: the snapshot comes last, since it begins with a garbage collection.
describe('suspended functions, without what is known of libraries, then from a heap snapshot', () => {
  test.each(here.map(program => [[program.file, ...(program.args ?? [])].join(' '), program] as const))(
    '%s',
    async (_, program) => {
      const fixture = await startAsync(program, process.execPath)
      await expectVerdict(fixture.pid, program)
      if (program.onlyMemory !== true) await expectReport(fixture, program, ['--no-memory', '--heap'])
    },
  )
})

async function expectVerdict(pid: number, { verdict, kind }: AsyncProgram): Promise<void> {
  const diagnosis = diagnose(await capture(pid, { lockAdapters: false }))
  expect(diagnosis.verdict.status).toBe(verdict)
  if (kind !== undefined) expect(diagnosis.findings[0]?.kind).toBe(kind)
}
