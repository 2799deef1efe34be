/**
 * The JavaScript stack of a thread that is blocked, read from the memory of its process. Nothing is stopped, traced or written. A reading counts
 * only if the thread did not leave its wait meanwhile.
 */
import { readProc, textOf } from '../process/proc.ts'
import { readThreadStat } from '../process/stat.ts'
import { switches } from '../process/threads.ts'
import { isUnknown, type Unknown } from '../snapshot/model.ts'
import { AddressMap } from './address-map.ts'
import { Images } from './images.ts'
import { LiveMemory } from './live-memory.ts'
import type { Memory } from './memory.ts'
import { NativeNames } from './native-names.ts'
import { type PhysicalFrame, Unwinder, type Walk } from './unwinder.ts'
import { type AwaitedWord, awaitedWord } from './v8/atomics-wait.ts'
import { Heap } from './v8/heap.ts'
import { type JavaScriptFrame, JavaScriptFrames } from './v8/javascript-frames.ts'
import { isMeasured, type Layout, readLayout } from './v8/layout.ts'
import type { Script } from './v8/scripts.ts'

/** A script that a function on the stack belongs to. */
export interface StackScript {
  /** URL or path; empty for code without one; undefined where it cannot be read. */
  readonly url: string | undefined
  /** What V8 runs; undefined for Node's own scripts, and where it cannot be read. */
  readonly text: string | undefined
  /** Where the text begins in its file, 0-based. */
  readonly startLine: number
  readonly startColumn: number
}

/** One function on the stack. */
export interface StackFunction {
  /**
   * `unknown`: any number of functions, inlined into the next one, whose code V8 has given up meanwhile; `native`: of C or C++.
   */
  readonly kind: 'js' | 'wasm' | 'unknown' | 'native'
  /** Empty for one without a name. */
  readonly function: string
  /** The image that a native function belongs to: Node's executable, a library, an addon. */
  readonly image?: string
  /** Undefined for unknown functions, and for WebAssembly, whose modules are not read. */
  readonly script: StackScript | undefined
  /** 1-based; undefined where it cannot be told. */
  readonly line: number | undefined
  readonly column: number | undefined
}

export interface ThreadStack {
  /** Innermost first. */
  readonly functions: readonly StackFunction[]
  /** 1 when every frame was walked, less when the first one was found by scanning the stack. */
  readonly confidence: number
  /** What it sleeps on, when it is in `Atomics.wait`. */
  readonly word?: AwaitedWord
  /** What it starts and waits for, when it is in `execSync` or one of its like. */
  readonly command?: string
}

/** How much of a process is read for one stack, bytes. */
const BUDGET = 96 * 2 ** 20
const ATTEMPTS = 3
const MOST_FUNCTIONS = 1000

/** Never throws; why there is no stack is a sentence's end. */
export function readThreadStack(pid: number, tid: number, executable: string): ThreadStack | Unknown {
  return readThreadStacks(pid, [tid], executable).get(tid)!
}

/** The same of several threads, whose pages and symbols are read once. */
export function readThreadStacks(
  pid: number,
  tids: readonly number[],
  executable: string,
): ReadonlyMap<number, ThreadStack | Unknown> {
  return walkThreads(pid, tids, executable)()
}

/**
 * Reads at once what may change, for threads that are stopped for no longer than that; what it gives looks up names, and has
 * to be called.
 */
export function walkThreads(
  pid: number,
  tids: readonly number[],
  executable: string,
): () => ReadonlyMap<number, ThreadStack | Unknown> {
  const all = (why: string) => () => new Map(tids.map(tid => [tid, { unknown: why }]))
  if (process.arch !== 'x64' || process.platform !== 'linux')
    return all('stacks are read from memory on Linux for x86-64 only')
  const found = new Map<number, ThreadStack | Unknown>()
  const open: (() => void)[] = []
  try {
    let left = tids
    for (let attempt = 0; attempt < ATTEMPTS && left.length > 0; attempt++) {
      const before = new Map<number, Resting>()
      for (const tid of left) {
        const rest = resting(pid, tid)
        if (isUnknown(rest)) found.set(tid, rest)
        else before.set(tid, rest)
      }
      const walked = walkOnce(pid, executable, [...before.values()])
      const stayed: (readonly [number, number])[] = []
      left = []
      for (const [index, [tid, { mark }]] of [...before].entries()) {
        const after = resting(pid, tid)
        if (!isUnknown(after) && after.mark === mark) stayed.push([tid, index])
        else {
          found.set(tid, { unknown: 'it moved while its memory was read' })
          left = [...left, tid]
        }
      }
      open.push(() => {
        const stacks = walked()
        for (const [tid, index] of stayed) found.set(tid, stacks[index]!)
      })
    }
  } catch {
    return all('its memory could not be made sense of')
  }
  return () => {
    try {
      for (const name of open) name()
      return found
    } catch {
      return all('its memory could not be made sense of')()
    }
  }
}

/** Changes whenever a thread leaves its wait; undefined for one that does not wait. */
export function restMark(pid: number, tid: number): string | undefined {
  const rest = resting(pid, tid)
  return isUnknown(rest) ? undefined : rest.mark
}

interface Resting {
  readonly pc: number
  readonly sp: number
  /** The same in two readings: it did not move in between. */
  readonly mark: string
}

/** Where a thread rests that neither runs nor could run: it sleeps in the kernel, or is stopped. */
function resting(pid: number, tid: number): Resting | Unknown {
  const state = readThreadStat(pid, tid)?.state
  if (state !== 'S' && state !== 'D' && state !== 'T')
    return { unknown: 'it is not at rest in a call of the system' }
  const text = readProc(`/proc/${pid}/task/${tid}/syscall`)
  if (isUnknown(text)) return text
  const words = text.trim().split(' ')
  const [sp, pc] = words.slice(-2).map(Number) as [number, number]
  // One that was stopped between two calls of the system shows `-1` and its two registers.
  const complete = words.length === 9 || (state === 'T' && words.length === 3)
  if (!complete || !Number.isSafeInteger(sp) || !Number.isSafeInteger(pc))
    return { unknown: 'it is not at rest in a call of the system' }
  const counted = switches(pid, [tid]).get(tid)
  if (counted === undefined) return { unknown: 'the thread has ended' }
  return { pc, sp, mark: `${state} ${text} ${counted.voluntary} ${counted.involuntary}` }
}

/** By build of Node: a thread is looked at more than once. */
const layouts = new Map<string, Layout | Unknown>()

/** What it gives has to be called: it closes what was opened. */
function walkOnce(
  pid: number,
  executable: string,
  stands: readonly Stand[],
): () => readonly (ThreadStack | Unknown)[] {
  const none = (why: string) => () => stands.map(() => ({ unknown: why }))
  if (stands.length === 0) return () => []
  const maps = textOf(`/proc/${pid}/maps`)
  if (!maps) return none('its map of memory may not be read')
  const memory = LiveMemory.open(pid, BUDGET)
  if (isUnknown(memory)) return none(memory.unknown)
  const map = new AddressMap(maps)
  let images: Images | undefined
  const close = () => {
    images?.close()
    memory.close()
  }
  try {
    images = Images.open(pid, executable, map, memory)
    if (images === undefined) {
      close()
      return none('its executable is no image for x86-64')
    }
    const named = walkStacks(memory, map, images, stands)
    return () => {
      try {
        return named()
      } finally {
        close()
      }
    }
  } catch (error) {
    close()
    throw error
  }
}

/** Where a thread stands. */
export interface Stand {
  readonly pc: number
  readonly sp: number
  /** The other registers, by their numbers in unwind tables, where they are known. */
  readonly registers?: ReadonlyMap<number, number>
}

/** The stack of a thread, wherever the memory comes from. */
export function readStack(
  memory: Memory,
  map: AddressMap,
  images: Images,
  stand: Stand,
): ThreadStack | Unknown {
  return readStacks(memory, map, images, [stand])[0]!
}

/** The stacks of several threads; the names of native functions are looked up for all of them together. */
export function readStacks(
  memory: Memory,
  map: AddressMap,
  images: Images,
  stands: readonly Stand[],
): readonly (ThreadStack | Unknown)[] {
  return walkStacks(memory, map, images, stands)()
}

/** Reads what may change at once; what it gives looks up the names of native functions, which do not. */
function walkStacks(
  memory: Memory,
  map: AddressMap,
  images: Images,
  stands: readonly Stand[],
): () => readonly (ThreadStack | Unknown)[] {
  const { elf, unwind } = images.node
  const build = elf.buildId
  const layout = (build === undefined ? undefined : layouts.get(build)) ?? readLayout(elf)
  if (build !== undefined) layouts.set(build, layout)
  if (isUnknown(layout)) return () => stands.map(() => layout)
  if (unwind === undefined)
    return () => stands.map(() => ({ unknown: 'its executable has no table to walk its stack by' }))
  const unwinder = new Unwinder(memory, map, images)
  const heap = new Heap(memory, layout)
  const read = stands.map(({ pc, sp, registers }) => {
    const walk = unwinder.walk(pc, sp, registers)
    return walk.complete ? functionsOf(walk, heap) : { unknown: 'its stack could not be walked to its end' }
  })
  return () => {
    const names = new NativeNames(
      read.flatMap(stack =>
        isUnknown(stack) ? [] : stack.functions.flatMap(one => ('code' in one ? one : [])),
      ),
    )
    return read.map(stack =>
      isUnknown(stack)
        ? stack
        : {
            ...stack,
            functions: stack.functions.map(
              (one): StackFunction =>
                'code' in one
                  ? { kind: 'native', function: names.of(one), image: imagePath(one), ...nowhere }
                  : one,
            ),
          },
    )
  }
}

/** A stack whose native functions have no names yet. */
interface NamelessStack extends Omit<ThreadStack, 'functions'> {
  readonly functions: readonly (StackFunction | PhysicalFrame)[]
}

function imagePath({ code }: PhysicalFrame): string {
  return code.kind === 'native' ? code.image.path : ''
}

function functionsOf(walk: Walk, heap: Heap): NamelessStack | Unknown {
  const reader = new JavaScriptFrames(heap)
  const scripts = new Map<Script, StackScript>()
  const functions: (StackFunction | PhysicalFrame)[] = []
  let word: AwaitedWord | undefined
  let command: string | undefined
  let innermost = true
  for (const frame of walk.frames) {
    const { code, fp, lookup } = frame
    if (code.kind === 'native') {
      functions.push(frame)
      continue
    }
    if (fp === undefined) return { unknown: 'a frame of V8 has no frame pointer' }
    const reading = reader.read({ fp, address: lookup, compiled: code.kind === 'compiled' })
    if (reading.kind === 'unreadable')
      return { unknown: `${reading.why}${isMeasured(heap.layout) ? '' : ' (a V8 that is not known yet)'}` }
    if (reading.kind === 'functions') {
      functions.push(...reading.frames.map(one => described(one, scripts)))
      command = commandOf(heap, fp, reading.frames) ?? command
    } else if (reading.name === 'WasmFrame') functions.push(wasm)
    else if (innermost && reading.name === 'BuiltinExitFrame') word = awaitedWord(heap, fp)
    innermost = false
    if (functions.length > MOST_FUNCTIONS) break
  }
  return {
    functions,
    confidence: walk.strength === 'exact' ? 1 : 0.5,
    ...(word === undefined ? {} : { word }),
    ...(command === undefined ? {} : { command }),
  }
}

const LONGEST_COMMAND = 200

/** The first argument of the functions that start a process and wait for it: the outermost of them has what the program wrote. */
function commandOf(heap: Heap, fp: number, frames: readonly JavaScriptFrame[]): string | undefined {
  const [frame] = frames
  if (frames.length !== 1 || frame?.script?.name !== 'node:child_process') return undefined
  if (!/^(execSync|execFileSync|spawnSync)$/.test(frame.function)) return undefined
  const argument = heap.memory.word(fp + 24)
  return heap.isString(argument) ? heap.text(argument)?.slice(0, LONGEST_COMMAND) : undefined
}

const nowhere = { script: undefined, line: undefined, column: undefined }
const wasm: StackFunction = { kind: 'wasm', function: 'wasm-function', ...nowhere }

/** All that is asked later is read now, while the memory is open. */
function described(frame: JavaScriptFrame, scripts: Map<Script, StackScript>): StackFunction {
  const { script, offset } = frame
  if (script === undefined) return { kind: 'unknown', function: frame.function, ...nowhere }
  const known = scripts.get(script)
  const url = script.name
  const read = known ?? {
    url,
    text: url === undefined || url.startsWith('node:') ? undefined : script.text,
    startLine: script.startLine,
    startColumn: script.startColumn,
  }
  scripts.set(script, read)
  const at = offset === undefined ? undefined : script.position(offset)
  return { kind: 'js', function: frame.function, script: read, line: at?.line, column: at?.column }
}
