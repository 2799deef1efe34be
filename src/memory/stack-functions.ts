/** The functions on a thread's stack, JavaScript's and native ones, from the memory of a process or of a core. */
import { isUnknown, type Unknown } from '../snapshot/model.ts'
import { redactedText } from '../snapshot/secrets.ts'
import type { AddressMap } from './address-map.ts'
import type { Images } from './images.ts'
import type { Memory } from './memory.ts'
import { NativeNames } from './native-names.ts'
import { type PhysicalFrame, Unwinder, type Walk } from './unwinder.ts'
import { type AwaitedWord, awaitedWord } from './v8/atomics-wait.ts'
import { Heap } from './v8/heap.ts'
import {
  type FrameSlots,
  type JavaScriptFrame,
  JavaScriptFrames,
  type SuspendedSlots,
} from './v8/javascript-frames.ts'
import { isMeasured, type Layout, layoutIn, readLayout } from './v8/layout.ts'
import type { Position, Script } from './v8/scripts.ts'
import { WasmEntry } from './wasm/entry.ts'
import { WasmFrames, type WasmFunctionFrame } from './wasm/frames.ts'
import type { WasmInstance } from './wasm/instance.ts'
import { awaitedWasmWord, type WasmWord } from './wasm/wait.ts'

/** A script that a function on the stack belongs to. */
export interface StackScript {
  /** URL or path; empty for code without one; undefined where it cannot be read. */
  readonly url: string | undefined
  /** What V8 runs; undefined for Node's own scripts, and where it cannot be read. */
  readonly text: string | undefined
  /** Where the text begins in its file, 0-based. */
  readonly startLine: number
  readonly startColumn: number
  /** The module, if it is one of WebAssembly: columns are offsets in it, plus one. */
  readonly module?: Buffer
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
  /** Undefined for unknown functions, and for WebAssembly whose module could not be read. */
  readonly script: StackScript | undefined
  /** 1-based; undefined where it cannot be told. */
  readonly line: number | undefined
  readonly column: number | undefined
  /** Where it begins in its script, 1-based. */
  readonly start?: Position
  /** Where its values are; absent for one that was inlined. */
  readonly slots?: FrameSlots | SuspendedSlots
  /** Of WebAssembly: its instance's memories. */
  readonly memories?: WasmInstance['memories']
  /** Of one of WebAssembly that JavaScript has called: where the arguments stand. */
  readonly entered?: readonly number[]
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
  /** There are more functions, outside of these. */
  readonly cut?: true
  /** What it sleeps on, when it is in a wait of WebAssembly. */
  readonly wasmWord?: WasmWord
  /** How the V8 of its process keeps objects. */
  readonly layout: Layout
}

const MOST_FUNCTIONS = 1000

/** By build of Node: a thread is looked at more than once. */
const layouts = new Map<string, Layout | Unknown>()

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
export function walkStacks(
  memory: Memory,
  map: AddressMap,
  images: Images,
  stands: readonly Stand[],
): () => readonly (ThreadStack | Unknown)[] {
  const { elf, unwind } = images.node
  const build = elf.buildId
  const read = (build === undefined ? undefined : layouts.get(build)) ?? readLayout(elf)
  if (build !== undefined) layouts.set(build, read)
  if (isUnknown(read)) return () => stands.map(() => read)
  const layout = layoutIn(elf, read)
  if (unwind === undefined)
    return () => stands.map(() => ({ unknown: 'its executable has no table to walk its stack by' }))
  const unwinder = new Unwinder(memory, map, images)
  const heap = new Heap(memory, layout)
  const found = stands.map(({ pc, sp, registers }) => {
    const walk = unwinder.walk(pc, sp, registers)
    return walk.complete ? functionsOf(walk, heap) : { unknown: unwalked(map) }
  })
  return () => {
    const names = new NativeNames(
      found.flatMap(stack =>
        isUnknown(stack) ? [] : stack.functions.flatMap(one => ('code' in one ? one : [])),
      ),
    )
    return found.map(stack =>
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

/** Why a walk did not reach the thread's first function. */
export function unwalked(map: AddressMap): string {
  const isMusl = map.areas.some(({ path }) => /\/ld-musl-[^/]*$/.test(path))
  return isMusl
    ? 'its C library is musl, whose functions have no tables to walk the stack by: that is read of builds for glibc only'
    : 'its stack could not be walked to its end'
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
  let wasmWord: WasmWord | undefined
  const wasm = new WasmFrames(heap)
  const modules = new Map<WasmInstance, StackScript>()
  let exit: number | undefined
  const entry = new WasmEntry(heap)
  let cut: true | undefined
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
    } else if (reading.name === 'WasmFrame') {
      const called = wasm.read(fp, lookup)
      if (exit !== undefined && functions.every(one => 'code' in one))
        wasmWord = awaitedWasmWord(heap, exit, fp, called[0].instance?.memories ?? [])
      functions.push(...called.map(one => describedWasm(one, modules)))
    } else if (innermost && reading.name === 'BuiltinExitFrame') word = awaitedWord(heap, fp)
    if (reading.kind === 'other' && reading.name === 'ExitFrame') exit = fp
    const entered =
      reading.kind === 'other' ? entry.passed(fp, reading.name, code.kind === 'compiled') : undefined
    const last = functions.at(-1)
    if (entered !== undefined && last !== undefined && 'kind' in last && last.kind === 'wasm')
      functions[functions.length - 1] = { ...last, entered }
    innermost = false
    if (functions.length > MOST_FUNCTIONS) {
      cut = true
      break
    }
  }
  return {
    functions,
    layout: heap.layout,
    ...(cut === undefined ? {} : { cut }),
    confidence: walk.strength === 'exact' ? 1 : 0.5,
    ...(word === undefined ? {} : { word }),
    ...(command === undefined ? {} : { command }),
    ...(wasmWord === undefined ? {} : { wasmWord }),
  }
}

const LONGEST_COMMAND = 200

/** The first argument of the functions that start a process and wait for it: the outermost of them has what the program wrote. */
function commandOf(heap: Heap, fp: number, frames: readonly JavaScriptFrame[]): string | undefined {
  const [frame] = frames
  if (frames.length !== 1 || frame?.script?.name !== 'node:child_process') return undefined
  if (!/^(execSync|execFileSync|spawnSync)$/.test(frame.function)) return undefined
  const argument = heap.memory.word(fp + 24)
  return heap.isString(argument)
    ? redactedText(heap.text(argument) ?? '').slice(0, LONGEST_COMMAND)
    : undefined
}

const nowhere = { script: undefined, line: undefined, column: undefined }

function describedWasm(
  { function: name, instance, offset }: WasmFunctionFrame,
  modules: Map<WasmInstance, StackScript>,
): StackFunction {
  const module = instance?.module
  if (instance === undefined || module === undefined) return { kind: 'wasm', function: name, ...nowhere }
  const script = modules.get(instance) ?? {
    url: instance.url,
    text: undefined,
    startLine: 0,
    startColumn: 0,
    module: module.bytes,
  }
  modules.set(instance, script)
  const place =
    offset === undefined ? { line: undefined, column: undefined } : { line: 1, column: offset + 1 }
  return { kind: 'wasm', function: name, script, ...place, memories: instance.memories }
}

/** All that is asked later is read now, while the memory is open. */
function described(frame: JavaScriptFrame, scripts: Map<Script, StackScript>): StackFunction {
  const { script, offset, start, slots } = frame
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
  // Node's own functions are never asked for theirs.
  const from = start === undefined || read.text === undefined ? undefined : script.position(start)
  return {
    kind: 'js',
    function: frame.function,
    script: read,
    line: at?.line,
    column: at?.column,
    ...(from === undefined ? {} : { start: from }),
    ...(slots === undefined ? {} : { slots }),
  }
}
