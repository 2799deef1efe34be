import { describe, expect, test } from 'vitest'
import { capture } from '../../src/capture/capture.ts'
import { diagnose } from '../../src/diagnosis/diagnose.ts'
import { targetNodes } from '../support/node-versions.ts'
import { startFixture } from '../support/spawn-fixture.ts'
import { expectTasks } from './expect-tasks.ts'
import { type AsyncProgram, healthy, hung, otherVersions } from './programs.ts'

describe.each(targetNodes())('suspended functions, from memory, on Node $major', ({ path, major }) => {
  const runsHere = ({ minimalMajor = 18 }: AsyncProgram) => major >= minimalMajor
  const named = (programs: readonly AsyncProgram[]) =>
    programs
      .filter(runsHere)
      .map(program => [[program.file, ...(program.args ?? [])].join(' '), program] as const)

  test.each(named(hung))('%s can never go on', (_, program) => expectTasks(program, path))
  test.each(named(otherVersions))('%s can never go on', (_, program) => expectTasks(program, path))
  test.each(named(healthy))('%s is no alarm', (_, program) => expectTasks(program, path))
})

describe('suspended functions, from a heap snapshot', () => {
  const survive = [...hung, ...healthy].filter(({ onlyMemory }) => onlyMemory !== true)
  test.each(survive.map(program => [[program.file, ...(program.args ?? [])].join(' '), program] as const))(
    '%s',
    (_, program) => expectTasks(program, process.execPath, ['--no-memory', '--heap']),
  )
})

describe('suspended functions, without what is known of libraries', () => {
  test.each(
    [...hung, ...healthy].map(
      program => [[program.file, ...(program.args ?? [])].join(' '), program] as const,
    ),
  )('%s', async (_, { file, args = [], verdict, kind }) => {
    const fixture = await startFixture(`async/${file}`, { execArgv: ['--inspect-port=0'], args })
    await new Promise(resolve => setTimeout(resolve, 400))
    const diagnosis = diagnose(await capture(fixture.pid, { lockAdapters: false }))
    expect(diagnosis.verdict.status).toBe(verdict)
    if (kind !== undefined) expect(diagnosis.findings[0]?.kind).toBe(kind)
  })
})
