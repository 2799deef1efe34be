import type { Word } from '../../snapshot/question.ts'
import type { Waiter } from './waiter.ts'

/**
 * Rule 1 of "Who holds it": the value of the word, when the source writes an id of the thread there and that id is
 * one thread's alone. Which id a thread writes is read from those that wait for the same word.
 */
export function ownersOf(
  waiters: readonly Waiter[],
  parties: readonly string[],
  word: Word | undefined,
): { readonly party: string; readonly evidence: string } | undefined {
  if (!word) return undefined
  const value = Number(word.value)
  const writing = waiters.filter(
    waiter => waiter.takes !== undefined && !/^-?\d/.test(waiter.takesText ?? ''),
  )
  const [first] = writing
  if (!first) return undefined
  const own = writing.filter(waiter => waiter.takes === value)
  if (own.length === 1)
    return {
      party: own[0]!.party,
      evidence: `the word holds ${value}, the id that this thread writes to take it`,
    }
  // `threadId`, `threadId + 1`: the same distance from the thread's id wherever it could be read.
  const distances = new Set(writing.map(waiter => waiter.takes! - threadIdOf(waiter.party)))
  const [distance] = distances
  if (distances.size !== 1 || distance === undefined || !/thread_?id|tid/i.test(first.takesText ?? ''))
    return undefined
  const owners = parties.filter(party => threadIdOf(party) + distance === value)
  if (owners.length !== 1) return undefined
  return {
    party: owners[0]!,
    evidence: `the word holds ${value}: \`${first.takesText}\` is written to take it, which is that thread's`,
  }
}

function threadIdOf(party: string): number {
  return Number(party.split('/t')[1])
}
