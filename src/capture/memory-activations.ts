/** Stacks that were read from memory as the rules of `locks/` take them, and who answers what these ask about them. */
import type { LockFacts } from '../locks/recognise.ts'
import type { Memory } from '../memory/memory.ts'
import type { StackFunction, StackScript, ThreadStack } from '../memory/stack-functions.ts'
import { Heap } from '../memory/v8/heap.ts'
import { Objects } from '../memory/v8/objects.ts'
import type { Script } from '../memory/v8/scripts.ts'
import { type FrameInMemory, MemoryValueSource } from '../memory/values/value-source.ts'
import type { Frame } from '../snapshot/model.ts'
import type { Activation, ValueSource } from '../snapshot/question.ts'
import { inText } from '../sources/script-origin.ts'
import type { SyntaxStore } from '../sources/syntax-store.ts'

/** The stack of a JavaScript thread, and the frames that it was told as. */
export interface StackInMemory {
  readonly party: string
  readonly stack: ThreadStack
  readonly frames: readonly Frame[]
}

/** A chain of suspended functions, innermost first. */
export interface SuspendedTask {
  readonly party: string
  readonly functions: readonly StackFunction[]
  /** The same as the reader sees them. */
  readonly seen: readonly Frame[]
}

/** The scripts on the stacks, with their keys. */
export interface StackTexts {
  readonly syntax: SyntaxStore
  /** Of a script that a function on one of the stacks belongs to. */
  keyOf(script: StackScript): string | undefined
  /** Of any script, where its text is at hand. */
  keyOfText(script: StackScript): string | undefined
}

/** By party, suspended tasks too; undefined where no thread has functions on its stack. */
export function activationsInMemory(
  memory: Memory,
  threads: readonly StackInMemory[],
  texts: StackTexts,
  suspended: readonly SuspendedTask[] = [],
): { readonly stacks: ReadonlyMap<string, readonly Activation[]>; readonly values: ValueSource } | undefined {
  const called = threads.filter(({ frames }) => frames.length > 0)
  if (called.length === 0) return undefined
  const slots = new Map<Activation, FrameInMemory>()
  const stacks = new Map(
    called.map(({ party, stack, frames }) => [party, activationsOf(party, stack, frames, texts, slots)]),
  )
  for (const { party, functions, seen } of suspended)
    stacks.set(party, activationsOf(party, { functions }, seen, texts, slots))
  const objects = new Objects(new Heap(memory, called[0]!.stack.layout))
  return { stacks, values: new MemoryValueSource(objects, slots, texts.syntax, keysIn(texts)) }
}

/** Innermost first; native functions do not count. */
function activationsOf(
  party: string,
  { functions, word, cut }: Pick<ThreadStack, 'functions' | 'word' | 'cut'>,
  seen: readonly Frame[],
  texts: StackTexts,
  slots: Map<Activation, FrameInMemory>,
): readonly Activation[] {
  const scripted = functions.flatMap((called, at) =>
    called.kind === 'native' ? [] : [[called, seen[at]!] as const],
  )
  const activations = scripted.map(([called, frame], index) => {
    const activation = activationOf(party, index, called, frame, texts)
    slots.set(activation, {
      ...(called.slots === undefined ? {} : { slots: called.slots }),
      ...(index === 0 && word !== undefined ? { given: word.given } : {}),
      ...(called.memories === undefined ? {} : { memories: called.memories }),
      ...(called.entered === undefined ? {} : { entered: called.entered }),
    })
    return activation
  })
  const last = activations.at(-1)
  // What was not read may hold anything.
  return cut === true && last !== undefined
    ? [...activations, { ...last, index: last.index + 1, script: '' }]
    : activations
}

function activationOf(
  party: string,
  index: number,
  called: StackFunction,
  frame: Frame,
  texts: StackTexts,
): Activation {
  const { script, line, column, start } = called
  const origin = script ?? { startLine: 0, startColumn: 0 }
  const key = script === undefined || line === undefined ? undefined : texts.keyOf(script)
  return {
    party,
    index,
    // Without a place in it a script tells nothing.
    script: key ?? '',
    ...inText(origin, { line: line ?? 0, column: column ?? 0 }),
    functionStart: start === undefined ? { unknown: 'it is not in memory' } : inText(origin, start),
    functionName: called.function,
    frame,
    ...(called.kind === 'wasm' && column !== undefined ? { wasmOffset: column - 1 } : {}),
  }
}

/** The key of a script whose text is at hand; one is told by its text, which is read once. */
function keysIn(texts: StackTexts): (script: Script) => string | undefined {
  const keys = new WeakMap<Script, string | undefined>()
  return script => {
    if (keys.has(script)) return keys.get(script)
    const { name: url, text, startLine, startColumn } = script
    const isInternal = url === undefined || url.startsWith('node:')
    const key = isInternal ? undefined : texts.keyOfText({ url, text, startLine, startColumn })
    keys.set(script, key)
    return key
  }
}

/** From numbers among the functions of JavaScript to those among all frames of the stack, native ones too. */
export function withFrameNumbers(facts: LockFacts, seen: readonly StackInMemory[]): LockFacts {
  const numbers = new Map(
    seen.map(({ party, frames }) => [
      party,
      frames.flatMap(({ kind }, at) => (kind === 'native' ? [] : [at])),
    ]),
  )
  const moved = <T extends { readonly party: string; readonly frame?: number | undefined }>(one: T): T =>
    one.frame === undefined ? one : { ...one, frame: numbers.get(one.party)?.[one.frame] ?? one.frame }
  return {
    ...facts,
    holds: facts.holds.map(moved),
    waits: facts.waits.map(wait => {
      const { jobLoop, ...rest } = moved(wait)
      return jobLoop === undefined
        ? rest
        : { ...rest, jobLoop: numbers.get(wait.party)?.[jobLoop] ?? jobLoop }
    }),
  }
}
