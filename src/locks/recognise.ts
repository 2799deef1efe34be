/** The entry of the rules: from paused activations to who waits, for what, and who holds it. */
import type { Activation, ScriptTexts, ValueSource } from '../snapshot/question.ts'
import type { SyntaxStore } from '../sources/syntax-store.ts'
import { atomicsFacts, type LockFacts, type OtherParty } from './atomics/facts.ts'
import { prepare } from './atomics/prepared.ts'
import { withSuspendedHolders } from './held-across-await.ts'
import { withJobs } from './jobs.ts'
import type { SleptOn } from './wasm/wasm-waiter.ts'

export type { LockFacts, OtherParty } from './atomics/facts.ts'
export { spinLoopsAround } from './atomics/spin-loop.ts'
export { controlOf } from './control.ts'
export type { SleptOn } from './wasm/wasm-waiter.ts'

/** Everything that can be worked out from source text alone, while the program runs on. */
export function prepareLocks(
  activations: ReadonlyMap<string, readonly Activation[]>,
  syntax: SyntaxStore,
  texts: ScriptTexts,
): void {
  const prepared = prepare(activations, syntax, texts)
  for (const script of texts.scripts) {
    const text = texts.url(script).startsWith('node:') ? undefined : texts.get(script)
    if (text !== undefined && syntax.isTooLong(text) && !syntax.usesAtomics(text)) syntax.namesIn(text)
  }
  // Rehearsed on a source that knows nothing: what the rules look up in the trees, they look up only once.
  void atomicsFacts(prepared, { ask: () => Promise.resolve({ unknown: 'not asked' }) }, undefined)
}

/**
 * Asks about the paused activations (by party, innermost first) and puts the answers together. `others` are the
 * JavaScript threads whose stacks are not given: without that list nobody can be said to be the last who could help.
 * `before` is what an earlier look found: a word that had the same value then is steady. `sleptOn`: by party, the words that one which is parked
 * by WebAssembly has on its native stack.
 */
export async function recogniseLocks(
  activations: ReadonlyMap<string, readonly Activation[]>,
  syntax: SyntaxStore,
  texts: ScriptTexts,
  values: ValueSource,
  others?: readonly OtherParty[],
  before?: LockFacts,
  sleptOn: ReadonlyMap<string, SleptOn> = new Map(),
): Promise<LockFacts> {
  const prepared = prepare(activations, syntax, texts)
  const complete = (facts: LockFacts): LockFacts => {
    const held = withSuspendedHolders(facts, prepared, syntax, others)
    return { ...held, waits: withJobs(held.waits, prepared) }
  }
  const atomics = atomicsFacts(prepared, values, others, before)
  const runsWasm = [...activations.values()].some(stack => stack.some(({ frame }) => frame.kind === 'wasm'))
  if (!runsWasm) return complete(await atomics)
  const [{ wasmFacts }, { joinFacts }] = await Promise.all([
    import('./wasm/facts.ts'),
    import('./join-facts.ts'),
  ])
  const wasm = wasmFacts(activations, { texts, values, placed: prepared.stacks, others, sleptOn })
  return complete(joinFacts(await atomics, await wasm))
}
