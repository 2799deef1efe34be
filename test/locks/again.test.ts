/** The rules run again on what a snapshot recorded: what they found, they find anew, byte for byte. */
import { expect, test } from 'vitest'
import { capture } from '../../src/capture/capture.ts'
import { diagnose } from '../../src/diagnosis/diagnose.ts'
import { recogniseAgain } from '../../src/locks/again.ts'
import { checkedSnapshot } from '../../src/snapshot/file.ts'
import { isUnknown, type Recording, type Snapshot } from '../../src/snapshot/model.ts'
import { startFixture } from '../support/spawn-fixture.ts'
import { blanked } from './support/blanked.ts'

const anyPort = { execArgv: ['--inspect-port=0'] }

async function seen(program: string): Promise<Snapshot> {
  const fixture = await startFixture(program, anyPort)
  const snapshot = await capture(fixture.pid)
  await fixture.kill()
  // As it comes back from a file.
  return checkedSnapshot(JSON.parse(JSON.stringify(snapshot)), 'test')
}

test.each([
  'reentrant-queue/main.mjs',
  'abba-workers.mjs',
  'philosophers.mjs',
  'locks-atomics/job-pool.mjs',
  'locks-atomics/made-on-demand-bound.mjs',
  'locks-atomics/owner-word.mjs',
  'locks-atomics/spinning-behind-a-deadlock.mjs',
  'locks-atomics/slow-holder.mjs',
  'locks-atomics/semaphore-both-units.mjs',
  'locks-atomics/timed-retries.cjs',
  'locks-compiled/bank-minified-inline-map.mjs',
  'wasm/abba-workers.mjs',
  'wasm/reentered-mutex.mjs',
  'event-loops/module-hooks.mjs',
  'event-loops/nested-jobs.mjs',
  'idle-server.mjs',
  'busy-loop.mjs',
])('%s: what rules that knew nothing had written is found again', async program => {
  const snapshot = await seen(program)
  expect(await recogniseAgain(snapshot)).toEqual(snapshot)
  const older = blanked(snapshot)
  expect(await recogniseAgain(older)).toEqual(snapshot)
})

test('where answers are missing, what was found then stays', async () => {
  const snapshot = await seen('abba-workers.mjs')
  const { answers } = recordingOf(snapshot)
  expect(answers.length).toBeGreaterThan(3)
  for (const { question } of answers) {
    const missing = withRecording(snapshot, one => ({
      ...one,
      answers: one.answers.filter(other => other.question !== question),
    }))
    expect(diagnose(await recogniseAgain(missing)).verdict, question).toEqual(diagnose(snapshot).verdict)
  }
})

test('a recording that does not fit is left alone', async () => {
  const snapshot = await seen('abba-workers.mjs')
  const damages: ((recording: Recording) => Recording)[] = [
    one => ({ ...one, stacks: one.stacks.map(stack => ({ ...stack, activations: [] })) }),
    one => ({ ...one, scripts: [] }),
    one => ({ ...one, scripts: one.scripts.map(script => ({ ...script, text: '}{ no program' })) }),
    one => ({
      ...one,
      answers: one.answers.map(({ question }) => ({ question, answer: undefined as never })),
    }),
    one => ({
      ...one,
      scripts: one.scripts.map(script => ({
        ...script,
        text: { pieces: [{ line: 1e9, column: 1e9, text: 'x' }] },
      })),
    }),
  ]
  for (const damage of damages) {
    const damaged = withRecording(snapshot, damage)
    expect(diagnose(await recogniseAgain(damaged)).verdict).toEqual(diagnose(snapshot).verdict)
  }
})

function recordingOf(snapshot: Snapshot): Recording {
  const recording = snapshot.processes[0]?.recording
  if (recording === undefined || isUnknown(recording)) throw new Error('there is no recording')
  return recording
}

function withRecording(snapshot: Snapshot, change: (recording: Recording) => Recording): Snapshot {
  const recording = change(recordingOf(snapshot))
  return { ...snapshot, processes: snapshot.processes.map(process => ({ ...process, recording })) }
}
