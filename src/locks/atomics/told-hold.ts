import type { Hold, Place } from '../../snapshot/model.ts'
import { callPosition } from '../../sources/syntax.ts'
import type { CallNode, Node } from '../../sources/syntax-tree.ts'
import type { Asker } from './asker.ts'
import { isOfModule } from './designator.ts'
import type { LockEvent } from './event.ts'
import { frameAt } from './frame-at.ts'
import type { JudgedHold } from './judged-hold.ts'
import { isLockCode } from './lock-code.ts'
import type { Names, Naming } from './names.ts'
import type { PlacedFrame, Prepared } from './prepared.ts'
import { contains } from './steps.ts'

/** Tells holds in the model's words: the frame that a reader looks for, the line, and what speaks for it. */
export class HoldTeller {
  readonly #prepared: Prepared
  readonly #names: Names
  readonly #asker: Asker

  constructor(prepared: Prepared, names: Names, asker: Asker) {
    this.#prepared = prepared
    this.#names = names
    this.#asker = asker
  }

  async tell(id: string, judged: JudgedHold): Promise<{ hold: Hold; label: string }> {
    const { party, event } = judged.holding
    const stack = this.#prepared.stacks.get(party)!
    const at = event.depth ?? 0
    const frame = stack[at]!
    const naming = await this.#nameOf(event, stack, at)
    const call = event.step.kind === 'call' ? event.step.call : takingCall(event)
    const acquiredAt =
      naming.frame === frame ? this.#placeOf(frame, call) : this.#placeOf(naming.frame, naming.frame.call)
    const text = frame.syntax.textOf(call).replace(/\s+/g, ' ')
    const line = 'line' in acquiredAt ? ` at line ${acquiredAt.line}` : ''
    const evidence = judged.byOwner
      ? `the word holds ${event.taken}, the id that this thread writes when it takes the lock with \`${shorten(text)}\``
      : `\`${shorten(text)}\`${line} has returned${event.suspended ? ', in a function that is suspended,' : ''} and nothing on this stack has released it since${judged.holding.ahead > 0 ? '; its release is still to come' : ''}`
    return {
      label: naming.label,
      hold: {
        party,
        resource: id,
        units: 1,
        ...(event.acquiring?.mode === 'shared' && { mode: 'shared' as const }),
        at: naming.frame.activation.frame,
        frame: naming.frame.activation.index,
        acquiredAt,
        sure: judged.doubt === undefined,
        how: judged.byOwner ? 'observed' : 'inferred',
        evidence,
        ...(judged.doubt !== undefined && { doubt: judged.doubt }),
      },
    }
  }

  async #nameOf(event: LockEvent, stack: readonly PlacedFrame[], at: number): Promise<Naming> {
    const frame = stack[at]!
    const { designator } = event
    if (!designator) return { label: shorten(event.about), frame }
    if (designator.syntax !== frame.syntax || !isKnownIn(frame, designator.node))
      return { label: shorten(designator.syntax.textOf(designator.node)), frame }
    const { number } = designator
    if (number !== undefined) {
      const list = await this.#names.name(stack, at, designator.node, undefined, false)
      return { label: `${list.label}[${number}]`, frame }
    }
    const inLock = event.step.kind !== 'call' && isLockCode(frame.syntax, frame.owner)
    const environment = frameAt(stack, at, this.#asker)
    return this.#names.name(stack, at, designator.node, designator.index, inLock, {
      moment: event.moment,
      environment,
    })
  }

  #placeOf(frame: PlacedFrame, call: CallNode | undefined): Place {
    const { line, column } = call
      ? frame.syntax.lines.positionAt(callPosition(call))
      : { line: frame.activation.line, column: frame.activation.column }
    const { file, ...place } = this.#prepared.texts.original(frame.activation.script, line, column)
    return { file, line: place.line, column: place.column }
  }
}

/** Whether an expression of that place means the same in a frame. */
function isKnownIn(frame: PlacedFrame, node: Node): boolean {
  return contains(frame.owner, node) || isOfModule(frame.syntax, node)
}

function takingCall(event: LockEvent): CallNode {
  const { step } = event
  if (step.kind === 'acquire') return step.takings[0]!.call
  if (step.kind === 'try') return step.taking.call
  return step.kind === 'change' ? step.operation.call : step.call
}

/** A hold that only the value of the word tells. */
export function ownerHold(resource: string, party: string, evidence: string): Hold {
  const nowhere = { unknown: 'no frame of that thread shows where it took it' }
  return {
    party,
    resource,
    units: 1,
    at: nowhere,
    acquiredAt: nowhere,
    sure: true,
    how: 'observed',
    evidence,
  }
}

/** A source text that fits on a line. */
export function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}…` : text
}
