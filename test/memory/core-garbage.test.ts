/** Core files whose bytes are damaged: each is read or refused with a sentence, in bounded time. */
import {
  closeSync,
  copyFileSync,
  fstatSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { captureCore } from '../../src/capture/core.ts'
import { diagnose } from '../../src/diagnosis/diagnose.ts'
import { ImpasseError } from '../../src/errors.ts'
import { readNotes } from '../../src/memory/core-notes.ts'
import { demangled } from '../../src/memory/demangled-name.ts'
import { functionsAt } from '../../src/memory/function-symbols.ts'
import { nativeWait } from '../../src/memory/native-lock.ts'
import { childrenOf } from '../../src/process/children.ts'
import { asleep, until } from '../capture/support.ts'
import { kernelWritesCores, writeCore } from '../support/write-core.ts'

/** The same numbers in each run (xorshift32). */
class Random {
  #state: number
  constructor(seed: number) {
    this.#state = seed
  }
  below(bound: number): number {
    this.#state ^= this.#state << 13
    this.#state ^= this.#state >>> 17
    this.#state ^= this.#state << 5
    return (this.#state >>> 0) % bound
  }
  bytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.below(256)))
  }
}

const interesting = [0, 1, 0x7f, 0x80, 0xff, 0xfe, 0x45]

function damage(bytes: Buffer, random: Random): Buffer {
  const damaged = Buffer.from(bytes)
  const count = 1 + random.below(8)
  for (let change = 0; change < count && damaged.length > 0; change++)
    damaged[random.below(damaged.length)] =
      random.below(2) === 0 ? random.below(256) : interesting[random.below(interesting.length)]!
  return random.below(8) === 0 ? damaged.subarray(0, random.below(damaged.length + 1)) : damaged
}

test.runIf(kernelWritesCores)(
  'a core with damaged headers and notes, 150 times',
  async () => {
    const { file } = await writeCore('kernel', 'memory/blocked.cjs', { args: ['execSync'] }, pid =>
      until(() => childrenOf(pid).length > 0),
    )
    const folder = mkdtempSync(join(tmpdir(), 'impasse-core-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const copy = join(folder, 'core')
    copyFileSync(file, copy)
    const fd = openSync(copy, 'r+')
    onTestFinished(() => closeSync(fd))
    const head = Buffer.alloc(128 * 1024)
    readSync(fd, head, 0, head.length, 0)
    const random = new Random(6)
    let read = 0
    let refused = 0
    for (let round = 0; round < 150; round++) {
      // The header, the table of areas, the notes: all within the first pages.
      const length = [64, 4096, 8192, head.length][round % 4]!
      writeSync(fd, damage(head.subarray(0, length), random), 0, undefined, 0)
      const began = performance.now()
      try {
        const { processes } = await captureCore(copy)
        expect(processes[0]!.threads.length).toBeGreaterThan(0)
        read += 1
      } catch (error) {
        expect(error).toBeInstanceOf(ImpasseError)
        refused += 1
      }
      expect(performance.now() - began).toBeLessThan(5000)
      writeSync(fd, head, 0, head.length, 0)
    }
    expect(read).toBeGreaterThan(10)
    expect(refused).toBeGreaterThan(10)
  },
  120_000,
)

test.runIf(kernelWritesCores)(
  'a core with damaged heaps, 40 times',
  async () => {
    const { file } = await writeCore('kernel', 'async/locks/crossed-mutexes.mjs', {}, asleep)
    const fd = openSync(file, 'r+')
    onTestFinished(() => closeSync(fd))
    const { size } = fstatSync(fd)
    const random = new Random(9)
    const page = Buffer.alloc(4096)
    for (let round = 0; round < 40; round++) {
      // The damage grows from round to round, behind the headers and the notes.
      for (let spot = 0; spot < 30; spot++) {
        const at = 256 * 1024 + random.below(size - 512 * 1024)
        readSync(fd, page, 0, page.length, at)
        if (page.every(byte => byte === 0)) continue
        writeSync(fd, damage(page, random), 0, undefined, at)
      }
      const began = performance.now()
      const snapshot = await captureCore(file).catch(error => {
        expect(error).toBeInstanceOf(ImpasseError)
      })
      if (snapshot) expect(diagnose(snapshot).verdict.status).not.toBe('')
      expect(performance.now() - began).toBeLessThan(10_000)
    }
  },
  120_000,
)

test('notes of random and of damaged bytes, 5000 times', () => {
  const random = new Random(7)
  const status = Buffer.alloc(12 + 8 + 336)
  status.writeUInt32LE(5, 0)
  status.writeUInt32LE(336, 4)
  status.writeUInt32LE(1, 8)
  status.write('CORE\0', 12)
  expect(readNotes(status)?.threads).toHaveLength(1)
  const files = Buffer.alloc(20 + 16 + 24 + 8)
  files.writeUInt32LE(5, 0)
  files.writeUInt32LE(48, 4)
  files.writeUInt32LE(0x46494c45, 8)
  files.write('CORE\0', 12)
  files.writeUInt32LE(1, 20)
  files.writeUInt32LE(4096, 28)
  files.write('/bin/a\0', 60)
  const whole = Buffer.concat([status, files])
  expect(readNotes(whole)?.mappings).toMatchObject([{ path: '/bin/a' }])
  for (let round = 0; round < 5000; round++) {
    const notes = readNotes(round % 2 === 0 ? damage(whole, random) : random.bytes(random.below(512)))
    expect(notes === undefined || notes.threads.length > 0).toBe(true)
  }
})

test('names, symbol tables and locks of damaged bytes, 20 000 times', () => {
  const random = new Random(8)
  const symbol =
    '_ZZN4node6worker6Worker11StartThreadERKN2v820FunctionCallbackInfoINS2_5ValueEEEENUlPvE_4_FUNES8_'
  expect(demangled(symbol)).toBe('node::worker::Worker::StartThread::(lambda)')
  const memory = {
    bytes: (_: number, length: number) => random.bytes(length),
    word: () => random.below(2 ** 31),
    uint32: () => random.below(2 ** 31),
    int32: () => random.below(2 ** 31) | 0,
    uint16: () => random.below(65536),
  }
  for (let round = 0; round < 20_000; round++) {
    const name = damage(Buffer.from(symbol), random).toString('latin1')
    expect(demangled(name).length).toBeLessThanOrEqual(name.length * 4 + 40)
    if (round % 20 !== 0) continue
    for (const place of functionsAt(random.bytes(24 * random.below(20)), [random.below(2 ** 31)]).values())
      expect(place).toBeGreaterThanOrEqual(0)
    const wait = nativeWait(
      memory,
      { address: random.below(2 ** 31), operation: random.below(512), value: random.below(4), timed: false },
      [['pthread_mutex_lock', 'pthread_rwlock_rdlock', 'pthread_join', ''][random.below(4)]!],
    )
    if (wait?.kind === 'mutex') expect(wait.owner).toBeLessThanOrEqual(2 ** 22)
  }
})

test('names of functions as c++filt tells them, without parameters', () => {
  const names: Readonly<Record<string, string>> = {
    uv_run: 'uv_run',
    _ZN4node17SyncProcessRunner5SpawnERKN2v820FunctionCallbackInfoINS1_5ValueEEE:
      'node::SyncProcessRunner::Spawn',
    _ZN2v88internal12_GLOBAL__N_16InvokeEPNS0_7IsolateERKNS1_12InvokeParamsE:
      'v8::internal::(anonymous namespace)::Invoke',
    _ZN4absl7CondVar10WaitCommonEPNS_5MutexENS_24synchronization_internal13KernelTimeoutE:
      'absl::CondVar::WaitCommon',
    _ZNSt6vectorIiSaIiEE9push_backERKi: 'std::vector::push_back',
    _ZN4node11EnvironmentD1Ev: 'node::Environment::~Environment',
    _ZN5QueueC2Ei: 'Queue::Queue',
    _ZNK3FoocvbEv: '_ZNK3FoocvbEv',
    _ZN3FooclEv: 'Foo::operator()',
    'work.cold': 'work',
  }
  for (const [symbol, name] of Object.entries(names)) expect(demangled(symbol)).toBe(name)
})
