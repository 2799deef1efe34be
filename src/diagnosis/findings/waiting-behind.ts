/** Who waits for what a thread holds that is at work, or in a call of its own: no part of what it does, but what it costs. */
import type { Edge, Finding, ThreadVerdict } from '../diagnosis.ts'
import type { Roster } from '../roster.ts'
import { edgeSentence } from './edge-sentence.ts'

/** So many edges are told. */
const inFull = 3

/** The finding about one thread, with those whose line of waiting threads ends at it. */
export function withWaiting(
  finding: Finding,
  verdicts: readonly Pick<ThreadVerdict, 'thread' | 'chain'>[],
  roster: Roster,
): Finding {
  const [party] = finding.parties
  const behind = verdicts.filter(({ chain }) => chain.length > 0 && chain.at(-1)!.to === party)
  if (behind.length === 0 || finding.victims.length > 0) return finding
  // Lines that meet tell the same from there on.
  const edges = new Map<string, Edge>()
  for (const edge of behind.flatMap(({ chain }) => chain))
    edges.set(`${edge.from} ${edge.resource.id} ${edge.to}`, edge)
  const told = [...edges.values()].slice(0, inFull).map(edge => edgeSentence(edge, roster))
  return {
    ...finding,
    explanation: [finding.explanation, ...told].join('\n'),
    victims: behind.map(({ thread }) => thread),
    edges: [...edges.values()],
  }
}
