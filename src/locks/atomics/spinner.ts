import { isLoop } from '../../sources/syntax-tree.ts'
import type { Asker } from './asker.ts'
import { attemptAround, nameOfAttempt, takenText } from './attempt.ts'
import type { Effects } from './effects.ts'
import { known, numberOf } from './environment.ts'
import { frameAt } from './frame-at.ts'
import { isLockCode } from './lock-code.ts'
import type { Names } from './names.ts'
import { takesText } from './owner.ts'
import type { PlacedFrame } from './prepared.ts'
import { isLeftByWord } from './retry.ts'
import { type AcquireStep, contains, stepsOf } from './steps.ts'
import type { Waiter } from './waiter.ts'
import { wordAt } from './word-at.ts'

/** The frames of a spinning thread that may stand in the loop or in what it calls. */
const sites = [0, 1, 2]

/** §7: a thread that runs, and whose innermost frames stand in the loop of a lock that spins. */
export async function readSpinner(
  party: string,
  stack: readonly PlacedFrame[],
  asker: Asker,
  effects: Effects,
  names: Names,
): Promise<Waiter | undefined> {
  for (const site of sites) {
    const frame = stack[site]
    if (!frame || frame.activation.index !== site) return undefined
    const step = stepsOf(frame.syntax, frame.owner).steps.find(
      (one): one is AcquireStep =>
        one.kind === 'acquire' && isLoop(one.region) && contains(one.region, frame.position),
    )
    if (!step) {
      const tried = await triedIn(party, stack, site, asker, effects, names)
      if (tried) return tried
      continue
    }
    if (step.wait && site > 0) continue
    if (!spinsForGood(frame, step)) return undefined
    const environment = frameAt(stack, site, asker)
    const here = { from: frame.position }
    const [word, takes, naming] = await Promise.all([
      wordAt(asker, environment.evaluate(step.array, here), environment.evaluate(step.index, here)),
      step.acquiring.takes && environment.evaluate(step.acquiring.takes, here),
      names.name(stack, site, step.array, step.index, isLockCode(frame.syntax, frame.owner)),
    ])
    return {
      ...spinning(party, site),
      word,
      parkedOn: word,
      acquiring: step.acquiring,
      takes: takes && numberOf(known(takes.answer)),
      takesText: step.acquiring.takes && takesText(frame.syntax, step.acquiring.takes),
      label: naming.label,
      at: naming.frame,
      callText: frame.syntax.textOf(step.takings[0]!.call).replace(/\s+/g, ' '),
    }
  }
  return undefined
}

/** A loop that a clock, a counter or another word can end is no wait that lasts: its thread goes on by itself. */
function spinsForGood({ syntax }: PlacedFrame, { region, array, index, acquiring }: AcquireStep): boolean {
  // The word that a ticket is compared with is not the one that it was taken from.
  const word =
    acquiring.lock === 'ticket lock'
      ? undefined
      : { array: syntax.textOf(array), index: syntax.textOf(index) }
  return isLeftByWord(syntax, region, undefined, word)
}

/** `while (!lock.tryLock());` */
async function triedIn(
  party: string,
  stack: readonly PlacedFrame[],
  site: number,
  asker: Asker,
  effects: Effects,
  names: Names,
): Promise<Waiter | undefined> {
  const frame = stack[site]!
  const attempt = await attemptAround(stack, site, asker, effects)
  if (!attempt?.event.acquiring || !isLeftByWord(frame.syntax, attempt.loop, attempt.call)) return undefined
  const { word, acquiring, taken } = attempt.event
  const naming = await nameOfAttempt(stack, site, attempt, names)
  return {
    ...spinning(party, site),
    word,
    parkedOn: word,
    acquiring,
    takes: taken,
    takesText: takenText(attempt),
    label: naming.label,
    at: naming.frame,
    callText: frame.syntax.textOf(attempt.call).replace(/\s+/g, ' '),
  }
}

function spinning(party: string, site: number) {
  return {
    party,
    sleeps: false,
    site,
    expected: undefined,
    timeout: null,
    retried: true,
    spins: true,
  } as const
}
