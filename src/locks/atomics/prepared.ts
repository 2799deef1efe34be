import type { Activation, ScriptTexts } from '../../snapshot/question.ts'
import type { Syntax } from '../../sources/syntax.ts'
import type { SyntaxStore } from '../../sources/syntax-store.ts'
import { type CallNode, isLoop, type Node } from '../../sources/syntax-tree.ts'
import { FunctionCatalogue } from './function-catalogue.ts'
import { stepsOf } from './steps.ts'

/** A frame with its place in the source. */
export interface PlacedFrame {
  readonly activation: Activation
  readonly syntax: Syntax
  /** The function, or the program. */
  readonly owner: Node
  /** The call in progress, or the innermost node at the position. */
  readonly position: Node
  readonly call: CallNode | undefined
  /** False when the frame does not stand exactly at a call: a running loop, a getter, an `await`. */
  readonly exact: boolean
}

/** Everything that source text alone tells, found while the program runs. */
export interface Prepared {
  readonly texts: ScriptTexts
  readonly catalogue: FunctionCatalogue
  /** Innermost first; frames of Node itself and frames without source are left out. */
  readonly stacks: ReadonlyMap<string, readonly PlacedFrame[]>
  /** The script that a text belongs to. */
  readonly scriptOf: ReadonlyMap<Syntax, string>
  /** Frames whose source could not be read, with the reason. */
  readonly unread: readonly { readonly activation: Activation; readonly why: string }[]
}

/** Deeper stacks are recursion: the innermost and the outermost frames tell enough, and the rest is said to be unread. */
const stackLimit = 150

export function prepare(
  activations: ReadonlyMap<string, readonly Activation[]>,
  store: SyntaxStore,
  texts: ScriptTexts,
): Prepared {
  const unread: { activation: Activation; why: string }[] = []
  const stacks = new Map<string, PlacedFrame[]>()
  const scriptOf = new Map<Syntax, string>()
  for (const [party, stack] of activations) {
    const placed: PlacedFrame[] = []
    for (const activation of stack) {
      if (activation.frame.owner === 'node' || activation.frame.kind !== 'js') continue
      if (placed.length >= stackLimit) {
        unread.push({ activation, why: 'the stack is too deep to be read whole' })
        continue
      }
      const frame = place(activation, store)
      if ('unknown' in frame) unread.push({ activation, why: frame.unknown })
      else {
        placed.push(frame)
        scriptOf.set(frame.syntax, activation.script)
      }
    }
    stacks.set(party, placed)
  }
  for (const script of texts.scripts) {
    if (texts.url(script).startsWith('node:') || !texts.get(script)?.includes('Atomics')) continue
    const syntax = store.of(script)
    if (!('unknown' in syntax)) scriptOf.set(syntax, script)
  }
  for (const frames of stacks.values()) for (const { syntax, owner } of frames) stepsOf(syntax, owner)
  return { texts, catalogue: catalogueOf(store, new Set(scriptOf.keys())), stacks, scriptOf, unread }
}

const catalogues = new WeakMap<SyntaxStore, { size: number; catalogue: FunctionCatalogue }>()

/** Kept from the first look to the last: texts do not change, they only become more. */
function catalogueOf(store: SyntaxStore, syntaxes: ReadonlySet<Syntax>): FunctionCatalogue {
  const known = catalogues.get(store)
  if (known?.size === syntaxes.size) return known.catalogue
  const catalogue = new FunctionCatalogue(store, [...syntaxes])
  catalogues.set(store, { size: syntaxes.size, catalogue })
  return catalogue
}

function place(activation: Activation, store: SyntaxStore): PlacedFrame | { unknown: string } {
  const start = 'unknown' in activation.functionStart ? undefined : activation.functionStart
  const syntax = store.around(activation.script, start)
  if ('unknown' in syntax) return syntax
  const offset = syntax.lines.offsetAt(activation.line, activation.column)
  if (offset === undefined) return { unknown: 'its position is outside of the source' }
  const { call, node, exact } = syntax.callAt(offset)
  const startOffset = start && syntax.lines.offsetAt(start.line, start.column)
  const owner =
    startOffset === undefined ? syntax.functionAt(offset) : syntax.functionStartingAt(startOffset, offset)
  return { activation, syntax, owner, position: exact ? node : (call ?? placeIn(node)), call, exact }
}

/** At the head of a loop, where V8 stops one that runs, its body is over and its test has said to go on. */
function placeIn(node: Node): Node {
  return isLoop(node) ? (node.body as Node) : node
}
