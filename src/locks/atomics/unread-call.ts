import type { Answer, Word } from '../../snapshot/question.ts'
import { aboutCall } from './designator.ts'
import type { Environment, Moment } from './environment.ts'
import type { LockEvent } from './event.ts'
import { calledName, type FunctionCatalogue, type Origin } from './function-catalogue.ts'
import type { CallStep } from './steps.ts'

/** What cannot be evaluated is not dropped: by its name it may hold a lock of some kind. */
export function unreadCall(
  catalogue: FunctionCatalogue,
  environment: Environment,
  step: CallStep,
  moment: Moment,
  told?: 'acquire' | 'change',
): LockEvent[] {
  const { syntax, owner } = environment
  const name = calledName(syntax, step.call)
  // What has no name could be anything, a stored release among others.
  const likely = told ?? (name === undefined ? 'change' : catalogue.likely(name))
  if (!likely) return []
  const word: Answer<Word> = { unknown: 'cannot be read here', detail: syntax.textOf(step.call) }
  const within: Origin = { syntax, owner, ambiguous: false }
  const number = moment.iteration?.number
  if (number !== undefined && number > 0) return []
  const candidates = name === undefined || likely === 'acquire' ? [] : catalogue.named(name)
  const anything = name === undefined || told || candidates.some(one => catalogue.callsOn(one))
  return [
    {
      kind: likely,
      ...(anything ? { anything: true } : { candidates }),
      word,
      conditions: [],
      doubts: [],
      step,
      moment,
      about: aboutCall(syntax, step.call),
      within,
      designator: undefined,
    },
  ]
}
