import type { Answer, Value } from '../../snapshot/question.ts'
import type { Asker } from './asker.ts'
import { known, wordKey } from './environment.ts'

/**
 * The answer to an expression that makes a typed array, when it is over memory that was there before: asked twice, it
 * begins at the same word. Memory of its own would be another one each time.
 */
export async function viewOf(
  ask: (again: boolean) => Promise<Answer<Value>>,
  asker: Asker,
): Promise<Answer<Value> | undefined> {
  const [one, other] = await Promise.all([ask(false), ask(true)])
  const [view, twin] = [known(one), known(other)]
  if (view?.kind !== 'object' || twin?.kind !== 'object') return undefined
  const words = await Promise.all([asker.word(view.ref, 0), asker.word(twin.ref, 0)])
  const [begin, same] = words.map(known)
  return begin && same && wordKey(begin) === wordKey(same) ? one : undefined
}
