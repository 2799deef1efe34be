import type { Answer, Value, Word } from '../../snapshot/question.ts'
import { type CallNode, type Node, unwrapped } from '../../sources/syntax-tree.ts'
import type { Acquiring } from './acquiring.ts'
import type { NamedWord } from './announcement.ts'
import type { Asker } from './asker.ts'
import { type Attempt, attemptAround, nameOfAttempt, takenText } from './attempt.ts'
import type { Effects } from './effects.ts'
import { type Known, known, numberOf, wordKey } from './environment.ts'
import { frameAt } from './frame-at.ts'
import { isLockCode, isPassedIn } from './lock-code.ts'
import type { Names } from './names.ts'
import { operationOf } from './operations.ts'
import { takesText } from './owner.ts'
import type { PlacedFrame } from './prepared.ts'
import { isRetried } from './retry.ts'
import { readSpinner } from './spinner.ts'
import { type AcquireStep, contains, stepsOf } from './steps.ts'
import { wordAt } from './word-at.ts'

/** A thread in `Atomics.wait`, or in the loop of a lock that spins. */
export interface Waiter {
  readonly party: string
  /** The memory was made for this one wait: nobody else can reach it, so it is a sleep. */
  readonly sleeps: boolean
  /** The frame whose code acquires or waits. */
  readonly site: number
  /** The word that is to be taken, or waited on where nothing is taken. */
  readonly word: Answer<Word>
  /** The word that the thread is parked on; another one for ticket locks and the like. */
  readonly parkedOn: Answer<Word>
  readonly expected: number | undefined
  /** Milliseconds; null without a limit. */
  readonly timeout: number | null | { readonly unknown: string }
  /** A time limit whose end only begins the wait anew (rule T1). */
  readonly retried: boolean
  /** Undefined when nothing is taken: it waits for an event. */
  readonly acquiring: Acquiring | undefined
  /** What this thread would write to take it: its id as an owner. */
  readonly takes: number | undefined
  /** The source of what it would write. */
  readonly takesText: string | undefined
  readonly spins: boolean
  readonly label: string
  readonly at: PlacedFrame
  readonly callText: string
  /** The word that it is parked on, as the source names it. */
  readonly named?: NamedWord
}

/** Rule "Who waits": what the innermost frame of a thread stands in. */
export async function readWaiter(
  party: string,
  stack: readonly PlacedFrame[],
  asker: Asker,
  effects: Effects,
  names: Names,
): Promise<Waiter | undefined> {
  const top = stack[0]
  if (top?.activation.index !== 0) return undefined
  if (!top.exact || !top.call || !(await isWait(top, top.call, asker)))
    return readSpinner(party, stack, asker, effects, names)
  const { syntax, owner } = top
  const [array, index, expected, timeout] = top.call.arguments as Node[]
  if (!array || !index) return undefined
  const inTop = frameAt(stack, 0, asker, top.call)
  const moment = { from: top.call }
  const own = stepsOf(syntax, owner).steps.find(
    (step): step is AcquireStep => step.kind === 'acquire' && step.wait?.call === top.call,
  )
  const helper = own ? undefined : parkedFor(stack, asker)
  const [parkedOn, expectedValue, timeoutValue, helperWord, ...attempts] = await Promise.all([
    wordAt(asker, inTop.evaluate(array, moment), inTop.evaluate(index, moment)),
    expected && inTop.evaluate(expected, moment),
    timeout && inTop.evaluate(timeout, moment),
    helper?.word,
    ...(own || helper ? [] : [0, 1].map(at => attemptAt(stack, at, asker, effects))),
  ])
  // A6: a helper parks; the word is taken in the loop that calls it.
  const parkedWord = known(parkedOn)
  const helperKnown = helperWord && known(helperWord)
  const byHelper =
    helper && parkedWord && helperKnown && wordKey(parkedWord) === wordKey(helperKnown) ? helper : undefined
  const step = own ?? byHelper?.step
  // A7: a helper takes the word; the loop that calls it parks.
  const tried = attempts.findIndex(one => one !== undefined)
  const attempt = attempts[tried]
  const site = byHelper?.site ?? Math.max(0, tried)
  const frame = stack[site]!
  const environment = frameAt(stack, site, asker)
  const here = { from: frame.position }
  const otherWord = own && (own.array !== array || own.index !== index)
  const acquiring = step?.acquiring ?? (attempt && triedFor(attempt, parkedWord))
  const [ownWord, takes, naming] = await Promise.all([
    otherWord
      ? wordAt(asker, environment.evaluate(own.array, here), environment.evaluate(own.index, here))
      : undefined,
    step?.acquiring.takes && environment.evaluate(step.acquiring.takes, here),
    attempt && site > 0
      ? nameOfAttempt(stack, site, attempt, names)
      : names.name(
          stack,
          site,
          step?.array ?? array,
          step?.index ?? index,
          acquiring && !acquiring.consuming
            ? isLockCode(frame.syntax, frame.owner)
            : isPassedIn(frame, step?.array ?? array),
        ),
  ])
  const limit = timeoutOf(timeout, timeoutValue)
  const region = step?.region ?? attempt?.loop
  return {
    party,
    sleeps: unwrapped(array).type === 'NewExpression',
    site,
    word: ownWord ?? attempt?.event.word ?? parkedOn,
    parkedOn,
    expected: expectedValue && numberOf(known(expectedValue.answer)),
    timeout: limit,
    retried:
      limit !== null && region !== undefined && isRetried(frame.syntax, region, frame.call, attempt?.call),
    acquiring,
    takes: takes ? numberOf(known(takes.answer)) : attempt?.event.taken,
    takesText: step
      ? step.acquiring.takes && takesText(frame.syntax, step.acquiring.takes)
      : attempt && takenText(attempt),
    spins: false,
    label: naming.label,
    at: naming.frame,
    callText: callText(top),
    named: { syntax, owner, call: top.call, array, index },
  }
}

function attemptAt(stack: readonly PlacedFrame[], at: number, asker: Asker, effects: Effects) {
  const frame = stack[at]
  return frame && frame.activation.index === at ? attemptAround(stack, at, asker, effects) : undefined
}

/** What is taken need not be the word that is waited on: then it is a lock only where somebody holds it (rule A5). */
function triedFor({ event }: Attempt, parkedOn: Word | undefined): Acquiring | undefined {
  const taken = known(event.word)
  if (!event.acquiring || (taken && parkedOn && wordKey(taken) === wordKey(parkedOn))) return event.acquiring
  return { ...event.acquiring, plain: false }
}

/** The source says so, or the function that is called is a realm's own `Atomics.wait`, whatever it is called here. */
async function isWait(frame: PlacedFrame, call: CallNode, asker: Asker): Promise<boolean> {
  const operation = operationOf(frame.syntax, call)
  if (operation) return operation.name === 'wait'
  if (call.arguments.length < 3) return false
  const value = known(await asker.value(frame.activation, frame.syntax.textOf(call.callee)))
  return value?.kind === 'function' && /^function wait\(\) \{\s*\[native code\]/.test(value.source)
}

function parkedFor(stack: readonly PlacedFrame[], asker: Asker) {
  for (const site of [1, 2]) {
    const frame = stack[site]
    if (!frame || frame.activation.index !== site) return undefined
    const step = stepsOf(frame.syntax, frame.owner).steps.find(
      (one): one is AcquireStep => one.kind === 'acquire' && contains(one.region, frame.position),
    )
    if (!step) continue
    const environment = frameAt(stack, site, asker)
    const here = { from: frame.position }
    const word = wordAt(asker, environment.evaluate(step.array, here), environment.evaluate(step.index, here))
    return { site, step, word }
  }
  return undefined
}

function timeoutOf(
  argument: Node | undefined,
  value: Known<Value> | undefined,
): number | null | { unknown: string } {
  if (!argument) return null
  const limit = value && known(value.answer)
  if (limit?.kind === 'undefined') return null
  const number = numberOf(limit)
  if (number === undefined) return { unknown: 'its time limit could not be read' }
  return Number.isFinite(number) ? number : null
}

function callText(frame: PlacedFrame): string {
  const text = frame.syntax.textOf(frame.call!).replace(/\s+/g, ' ')
  return text.length > 100 ? `${text.slice(0, 97)}…` : text
}
