/** What a thread does, as the native functions on its stack tell it. */
import { awaited } from '../locks/parked-words.ts'
import type { Activity, Frame, SystemCall, Unknown } from '../snapshot/model.ts'
import type { StackDetails } from './memory-frames.ts'

/** libuv's loop and nothing of the program; `spawnSync` runs a loop of its own, which is no idling. */
export function idlesInLoop(frames: readonly Frame[]): boolean {
  return (
    frames.every(({ kind }) => kind === 'native') &&
    frames.some(frame => frame.function === 'uv__io_poll' || frame.function === 'uv_run') &&
    !frames.some(frame => frame.function.startsWith('node::SyncProcessRunner::'))
  )
}

/** A call of the system, by what called it: V8's wait for a shared word, or a loop within a loop. */
export function activityBehind(
  call: SystemCall,
  frames: readonly Frame[],
  { command, path, word }: StackDetails = {},
): Activity {
  if (path !== undefined && call.name.startsWith('open'))
    return {
      kind: 'system-call',
      call: { ...call, meaning: call.meaning.replace(/^opens a file/, `opens ${path}`) },
    }
  const script = frames.find(({ kind }) => kind === 'js' || kind === 'wasm')
  if (script === undefined) return { kind: 'system-call', call }
  if (call.name === 'futex' && waitsForWord(frames)) {
    const plain = script.kind === 'wasm' ? 'memory.atomic.wait' : 'Atomics.wait'
    const parkedIn = word === undefined ? plain : awaited(word)
    return { kind: 'parked', in: parkedIn, timeoutMs: limitOf(call) }
  }
  if (!call.meaning.startsWith('event loop')) return { kind: 'system-call', call }
  const what = command === undefined ? '' : ` of \`${command}\``
  return {
    kind: 'system-call',
    call: { ...call, meaning: `waits in a loop of its own: spawnSync or execSync${what}` },
  }
}

/** V8 waits so for nothing but Atomics.wait and the same instruction of WebAssembly (src/execution/futex-emulation.cc). */
function waitsForWord(frames: readonly Frame[]): boolean {
  return frames.some(frame => frame.function.startsWith('v8::internal::FutexEmulation::Wait'))
}

/** The fourth argument of futex(2) points to the time limit; there is none where it is null. */
function limitOf({ arguments: [, , , limit] }: SystemCall): number | null | Unknown {
  return limit !== undefined && BigInt(limit) === 0n ? null : { unknown: 'a time limit is set' }
}
