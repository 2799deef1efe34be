import { describe, expect, test } from 'vitest'
import { capture } from '../../src/capture/capture.ts'
import { diagnose } from '../../src/diagnosis/diagnose.ts'
import { startFixture } from '../support/spawn-fixture.ts'
import { expectTasks } from './expect-tasks.ts'
import { healthy, hung } from './programs.ts'

const here = [...hung, ...healthy].filter(
  ({ minimalMajor = 18 }) => Number.parseInt(process.versions.node, 10) >= minimalMajor,
)

describe('suspended functions, from a heap snapshot', () => {
  const survive = here.filter(({ onlyMemory }) => onlyMemory !== true)
  test.each(survive.map(program => [[program.file, ...(program.args ?? [])].join(' '), program] as const))(
    '%s',
    (_, program) => expectTasks(program, process.execPath, ['--no-memory', '--heap']),
  )
})

describe('suspended functions, without what is known of libraries', () => {
  test.each(here.map(program => [[program.file, ...(program.args ?? [])].join(' '), program] as const))(
    '%s',
    async (_, { file, args = [], verdict, kind }) => {
      const fixture = await startFixture(`async/${file}`, { execArgv: ['--inspect-port=0'], args })
      await new Promise(resolve => setTimeout(resolve, 400))
      const diagnosis = diagnose(await capture(fixture.pid, { lockAdapters: false }))
      expect(diagnosis.verdict.status).toBe(verdict)
      if (kind !== undefined) expect(diagnosis.findings[0]?.kind).toBe(kind)
    },
  )
})
