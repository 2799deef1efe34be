import type { Answer, Word } from '../../snapshot/question.ts'
import type { Asker } from './asker.ts'
import { type Known, known, numberOf } from './environment.ts'

/** An element past the end of a list, in an iteration that never was. */
export const beyond = 'there is no such element'

/** The word that an array and an index name, once both are known. */
export async function wordAt(
  asker: Asker,
  array: Known | Promise<Known>,
  index: Known | Promise<Known>,
): Promise<Answer<Word>> {
  const [holder, at] = await Promise.all([array, index])
  const value = known(holder.answer)
  const number = numberOf(known(at.answer))
  if (value?.kind === 'object' && number !== undefined) return asker.word(value.ref, number)
  if (!('known' in holder.answer)) return holder.answer
  if (!('known' in at.answer)) return at.answer
  return { unknown: 'no such name', detail: beyond }
}
