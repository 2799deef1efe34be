import { expect, test } from 'vitest'
import { withDistinctLabels } from '../../src/locks/atomics/distinct-labels.ts'
import type { Resource } from '../../src/snapshot/model.ts'

/** `worker 1 calls it forks, worker 2 forks[0]`: the first name is the label. */
function lock(id: string, ...names: readonly string[]) {
  const byParty = names.map((label, at) => ({ party: `p1/t${at}`, label }))
  const aliases = byParty.filter(({ label }, at) => at > 0 && label !== names[0])
  return {
    resource: { id, label: names[0], aliases } as unknown as Resource,
    names: new Map(byParty.map(({ party, label }) => [party, label])),
  }
}
const labels = (...locks: readonly ReturnType<typeof lock>[]) =>
  withDistinctLabels(locks).map(({ label }) => label)

test('names that are no other lock’s stay', () => {
  const [first] = withDistinctLabels([lock('a', 'journal', 'log'), lock('b', 'ledger')])
  expect(first).toMatchObject({ label: 'journal', aliases: [{ party: 'p1/t1', label: 'log' }] })
})

test('the name of another party is taken where it is clearer', () => {
  expect(labels(lock('a', 'forks', 'forks[0]'), lock('b', 'forks[1]', 'forks'))).toEqual([
    'forks[0]',
    'forks[1]',
  ])
})

test('locks that have but one name are numbered, and each party keeps its own', () => {
  const [first, second] = withDistinctLabels([lock('a', '#left', '#right'), lock('b', '#left', '#right')])
  expect([first?.label, second?.label]).toEqual(['#left (1 of 2)', '#left (2 of 2)'])
  expect(first?.aliases).toEqual([
    { party: 'p1/t0', label: '#left' },
    { party: 'p1/t1', label: '#right' },
  ])
})

test('two that call each other’s lock by the other’s name are told by the first names', () => {
  expect(labels(lock('a', 'mine', 'theirs'), lock('b', 'theirs', 'mine'))).toEqual(['mine', 'theirs'])
})
