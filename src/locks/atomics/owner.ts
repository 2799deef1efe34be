import type { Word } from '../../snapshot/question.ts'
import { declarationOf, isConstant } from '../../sources/scopes.ts'
import type { Syntax } from '../../sources/syntax.ts'
import { type Node, unwrapped } from '../../sources/syntax-tree.ts'
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
  if (distances.size !== 1 || distance === undefined || !isThreadId(first.takesText)) return undefined
  const owners = parties.filter(party => threadIdOf(party) + distance === value)
  if (owners.length !== 1) return undefined
  return {
    party: owners[0]!,
    evidence: `the word holds ${value}: \`${first.takesText}\` is written to take it, which is that thread's`,
  }
}

/**
 * The worker that a word names as its owner and that is no longer there: its id is written by the same rule as the ids
 * of those that wait.
 */
export function goneOwner(
  waiters: readonly Waiter[],
  parties: readonly string[],
  word: Word | undefined,
): number | undefined {
  const writing = waiters.filter(({ takes, takesText }) => takes !== undefined && isThreadId(takesText))
  const [distance, ...more] = new Set(writing.map(({ party, takes }) => takes! - threadIdOf(party)))
  if (!word || distance === undefined || more.length > 0) return undefined
  // The number of a thread that is known by its memory only may be any.
  if (parties.some(party => Number.isNaN(threadIdOf(party)))) return undefined
  const id = Number(word.value) - distance
  return Number.isInteger(id) && id > 0 && !parties.some(party => threadIdOf(party) === id) ? id : undefined
}

function isThreadId(text: string | undefined): boolean {
  return /thread_?id|tid/i.test(text ?? '')
}

/** The source of what is written to take a word; of a constant, what it is set to. */
export function takesText(syntax: Syntax, takes: Node): string {
  const node = unwrapped(takes)
  const declaration = node.type === 'Identifier' ? declarationOf(syntax, node.name, node) : undefined
  return declaration?.initialiser && declaration.path === undefined && isConstant(syntax, declaration)
    ? syntax.textOf(declaration.initialiser)
    : syntax.textOf(takes)
}

function threadIdOf(party: string): number {
  return Number(party.split('/t')[1])
}
