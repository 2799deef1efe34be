/**
 * Threads parked in `memory.atomic.wait32` and `wait64` (WebAssembly threads proposal), which V8 parks as it does in
 * `Atomics.wait`: that a thread stands there is proved by the bytes of its module at the frame's offset.
 */
import type { Hold, Production, Request, Resource, Wait } from '../../snapshot/model.ts'
import type { Activation, ScriptTexts, ValueSource } from '../../snapshot/question.ts'
import { WasmModule } from '../../sources/wasm/wasm-module.ts'
import type { LockFacts, OtherParty } from '../atomics/facts.ts'
import type { PlacedFrame } from '../atomics/prepared.ts'
import { heldWords } from './held.ts'
import { ModuleCode } from './touches.ts'
import { WasmStack } from './wasm-stack.ts'
import { readWasmWaiter, type SleptOn, type WasmWaiter } from './wasm-waiter.ts'

export interface WasmSurroundings {
  readonly texts: ScriptTexts
  readonly values: ValueSource
  /** JavaScript frames with their place in the source, by party. */
  readonly placed: ReadonlyMap<string, readonly PlacedFrame[]>
  readonly others: readonly OtherParty[] | undefined
  /** By party: the words that its native stack names, where that was read. */
  readonly sleptOn: ReadonlyMap<string, SleptOn>
}

/** A word that a frame holds, where its address could be worked out. */
interface WasmHold {
  readonly party: string
  readonly at: number
  readonly takenAt: number
  /** Backing store and byte. */
  readonly key: string
}

const modules = new WeakMap<Uint8Array, ModuleCode | null>()

export async function wasmFacts(
  activations: ReadonlyMap<string, readonly Activation[]>,
  { texts, values, placed, others, sleptOn }: WasmSurroundings,
): Promise<LockFacts> {
  const moduleOf = (script: string) => moduleIn(texts.bytecode?.(script))
  const stacks = [...activations].flatMap(([party, stack]) => {
    const wasm = new WasmStack(stack, placed.get(party) ?? [], moduleOf, values)
    return wasm.frames.size > 0 ? [{ party, stack, wasm }] : []
  })
  const read = await Promise.all(
    stacks.map(async ({ party, stack, wasm }) => {
      const frames = stack.map(({ frame }) => frame)
      const top = frames.findIndex(({ owner }) => owner !== 'node')
      const [waiter, holds] = await Promise.all([
        readWasmWaiter(party, top, wasm, frames, sleptOn.get(party)),
        holdsOn(party, wasm),
      ])
      return { waiter, holds: holds.filter(({ at }) => !waiter || at > (waiter.acquiring ?? -1)) }
    }),
  )
  const waiters = read.flatMap(({ waiter }) => waiter ?? [])
  const holds = read.flatMap(({ holds }) => holds)
  const parties = [...activations.keys(), ...(others ?? []).map(({ party }) => party)]
  const groups = new Map<string, WasmWaiter[]>()
  for (const waiter of waiters) {
    const key = waiter.word ? keyOf(waiter.word) : `memory ${waiter.buffer ?? waiter.party}`
    groups.set(key, [...(groups.get(key) ?? []), waiter])
  }
  const parts = [...groups].map(([key, group]) =>
    factsOf(
      group,
      holds.filter(hold => hold.key === key),
      activations,
      others ? parties : undefined,
    ),
  )
  return {
    resources: parts.map(({ resource }) => resource),
    holds: parts.flatMap(part => part.holds),
    productions: parts.flatMap(part => part.productions),
    waits: parts.flatMap(part => part.waits),
  }
}

function moduleIn(bytes: Uint8Array | undefined): ModuleCode | undefined {
  if (bytes === undefined) return undefined
  const known = modules.get(bytes)
  if (known !== undefined) return known ?? undefined
  const module = WasmModule.read(bytes)
  const code = module ? new ModuleCode(module) : null
  modules.set(bytes, code)
  return code ?? undefined
}

async function holdsOn(party: string, stack: WasmStack): Promise<readonly WasmHold[]> {
  const held = [...stack.frames].flatMap(([at, { module, index, step }]) =>
    step ? heldWords(module, index, step.number).map(word => ({ at, ...word })) : [],
  )
  const holds = await Promise.all(
    held.map(async ({ at, memory, address, takenAt }) => {
      const byte = await stack.numberOf(at, address)
      const word = byte === undefined ? undefined : await stack.wordAt(at, memory, byte >>> 0, 4)
      return word && { party, at, takenAt, key: keyOf(word) }
    }),
  )
  return holds.filter(hold => hold !== undefined)
}

function keyOf({ buffer, byte }: { readonly buffer: string; readonly byte: number }): string {
  return `${buffer}+${byte}`
}

/** What is known about one word, or about all those of one memory whose address is not known. */
function factsOf(
  waiters: readonly WasmWaiter[],
  held: readonly WasmHold[],
  activations: ReadonlyMap<string, readonly Activation[]>,
  parties: readonly string[] | undefined,
) {
  const { word, party } = waiters[0]!
  const process = party.split('/')[0]!
  const isLock = waiters.every(({ acquiring }) => acquiring !== undefined)
  const id = word ? `${process}/wasm ${keyOf(word)}` : `${process}/wasm ${waiters[0]!.buffer ?? party}`
  const taken = word !== undefined && Number(word.value) !== 0
  const holds = isLock && taken ? held : []
  const resource: Resource = {
    id,
    sort: isLock ? 'reusable' : 'consumable',
    kind: isLock ? 'mutex' : 'event',
    label: word ? `word ${word.byte} of the wasm memory` : 'a word of the wasm memory',
    aliases: [],
    process,
    ...(word && {
      word: {
        buffer: word.buffer,
        byte: word.byte,
        value: typeof word.value === 'bigint' ? String(word.value) : word.value,
        shared: word.shared,
      },
    }),
    capacity: isLock ? 1 : { unknown: 'it is awaited, not held' },
    free: isLock && word && !taken ? 1 : 0,
    complete: completeness(isLock, word !== undefined, parties),
  }
  return {
    resource,
    holds: holds.map(hold => holdOf(id, hold, activations)),
    productions: isLock ? [] : productionsOf(id, waiters, parties ?? []),
    waits: waiters.map(waiter => waitOf(id, waiter, isLock)),
  }
}

function completeness(
  isLock: boolean,
  isKnown: boolean,
  parties: readonly string[] | undefined,
): Resource['complete'] {
  if (isLock)
    return {
      unknown: isKnown
        ? 'WebAssembly records no owner of a lock'
        : 'the address that it waits on is an operand of wasm code, and neither the code nor its native stack tells it',
    }
  return parties ? true : { unknown: 'not all threads of the process are known' }
}

/** Whoever else runs in the process can store and notify. */
function productionsOf(
  resource: string,
  waiters: readonly WasmWaiter[],
  parties: readonly string[],
): readonly Production[] {
  const single = waiters.length === 1 ? waiters[0]!.party : undefined
  return parties
    .filter(party => party !== single)
    .map(party => ({
      party,
      resource,
      sure: true,
      how: 'inferred',
      evidence: 'any thread that can reach the memory could notify',
    }))
}

function waitOf(resource: string, waiter: WasmWaiter, isLock: boolean): Wait {
  const { party, instruction, offset, at, asking, expected, timeout, word, buffer } = waiter
  const base: Request = isLock ? { kind: 'units', resource, units: 1 } : { kind: 'produced', resource }
  const limited = timeout === undefined || timeout >= 0
  const inMs = timeout === undefined ? null : timeout / 1e6
  const which = word
    ? `word ${word.byte} of memory ${word.buffer}`
    : `an unknown word of memory ${buffer ?? '?'}`
  return {
    party,
    request: limited ? { kind: 'anyOf', requests: [base, { kind: 'deadline', inMs, leaves: true }] } : base,
    call: instruction,
    ...(word && expected !== undefined && { expected }),
    at,
    frame: asking,
    sure: true,
    how: 'observed',
    evidence: `the module has \`${instruction}\` at offset 0x${offset.toString(16)}, where its innermost frame stands; it waits on ${which}${waiter.byStack ? ', whose address its native stack has' : ''}${isLock ? ', in code that takes the word by an atomic exchange' : ''}`,
  }
}

function holdOf(
  resource: string,
  { party, at, takenAt }: WasmHold,
  activations: ReadonlyMap<string, readonly Activation[]>,
): Hold {
  const { frame } = activations.get(party)![at]!
  return {
    party,
    resource,
    units: 1,
    at: frame,
    frame: at,
    acquiredAt: { file: typeof frame.file === 'string' ? frame.file : '', line: 1, column: takenAt + 1 },
    sure: false,
    how: 'inferred',
    evidence: `the wasm function ${frame.function} has passed 0x${takenAt.toString(16)}, where it takes the word, and not yet what gives it back`,
    doubt:
      "this follows from the module's instructions and the arguments of the calls; the operands themselves cannot be read",
  }
}
