import { describe, test } from 'vitest'
import { targetNodes } from '../support/node-versions.ts'
import { expectTasks } from './expect-tasks.ts'
import { type AsyncProgram, healthy, hung, otherVersions } from './programs.ts'

describe.each(targetNodes().filter(({ major }) => major < 24))(
  'suspended functions, from memory, on Node $major',
  ({ path, major }) => {
    const runsHere = ({ minimalMajor = 18 }: AsyncProgram) => major >= minimalMajor
    const named = (programs: readonly AsyncProgram[]) =>
      programs
        .filter(runsHere)
        .map(program => [[program.file, ...(program.args ?? [])].join(' '), program] as const)

    test.each(named(hung))('%s can never go on', (_, program) => expectTasks(program, path))
    // What differs is the library: one version of Node tells.
    test.each(major === 22 ? named(otherVersions) : [])('%s, as its other versions', (_, program) =>
      expectTasks(program, path),
    )
    // The newest and the oldest see all of them.
    test.each(major === 20 ? [] : named(healthy))('%s is no alarm', (_, program) =>
      expectTasks(program, path),
    )
  },
)
