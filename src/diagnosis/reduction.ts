/** The two passes, and what each leaves behind: sets that wait only for each other, and resources nobody can give. */
import type { Snapshot } from '../snapshot/model.ts'
import { type BlockedGraph, blockedGraph, resourceBehind, terminalComponents } from './blocked-graph.ts'
import type { ClosedSet } from './closed-set.ts'
import { cutDoubt } from './cut.ts'
import { describeSet, type Shape } from './describe-set.ts'
import type { Edge } from './diagnosis.ts'
import { type Liveness, reduce } from './liveness.ts'
import { capital, nameList, type Roster } from './roster.ts'
import { lastLook, leftItsWait } from './stay.ts'
import {
  buildGraph,
  type ResourceNode,
  resourceNode,
  type WaitsForGraph,
  waitsOf,
} from './waits-for-graph.ts'

export interface Reduction {
  readonly graph: WaitsForGraph
  readonly proof: Liveness
  readonly suspicion: Liveness
  /** What the suspicion leaves; the proof's rest is a part of it. */
  readonly blocked: BlockedGraph
  /** Proved ones first. */
  readonly sets: readonly ClosedSet[]
  /** Resources that somebody waits for and nobody is left to give. */
  readonly lost: readonly LostResource[]
}

export interface LostResource {
  readonly resource: ResourceNode
  /** Its node in the blocked graph. */
  readonly node: number
}

export function reduceTwice(snapshot: Snapshot, roster: Roster): Reduction {
  const graph = buildGraph(snapshot)
  const ranks = Uint8Array.from(graph.parties, party => roster.rank(party))
  const moving = Uint8Array.from(graph.parties, party => {
    const thread = roster.thread(party)
    if (!thread) return 0
    return lastLook(thread)?.activity.kind === 'unknown' || leftItsWait(thread, waitsOf(graph, party)[0])
      ? 1
      : 0
  })
  const moves = (party: number) => moving[party] === 1
  const isParty = (node: number) => node < graph.parties.length
  const proof = reduce(graph, 'proof', moves)
  const suspicion = reduce(graph, 'suspicion', moves)
  const sets: ClosedSet[] = []
  const lost: LostResource[] = []

  const sure = blockedGraph(graph, proof)
  for (const component of terminalComponents(sure)) {
    const { nodes } = component
    if (nodes.length < 2) continue
    const shape = describeSet(component, graph, sure, ranks)
    const doubt = cutDoubt(shape.parties, roster, graph, snapshot)
    if (doubt !== undefined && restsOnStanding(shape, roster)) continue
    sets.push({ ...shape, nodes, proved: doubt === undefined, doubts: doubt === undefined ? [] : [doubt] })
  }

  // Where all facts are sure, both passes leave the same, and there is nothing to suspect.
  const same =
    proof.unmet.length === suspicion.unmet.length &&
    proof.live.every((live, at) => live === suspicion.live[at])
  const blocked = same ? sure : blockedGraph(graph, suspicion)
  const rest = same ? [] : terminalComponents(blocked, node => isParty(node) && !proof.live[node])
  for (const component of rest) {
    const { nodes } = component
    const [first] = nodes
    if (nodes.length > 1) {
      const shape = describeSet(component, graph, blocked, ranks)
      const doubt = cutDoubt(shape.parties, roster, graph, snapshot)
      if (doubt !== undefined && restsOnStanding(shape, roster)) continue
      const doubts = [
        ...edgeDoubts(shape.edges, roster),
        ...releaseDoubts(shape.edges, graph, suspicion, roster),
        ...(doubt === undefined ? [] : [doubt]),
      ]
      sets.push({ ...shape, nodes, proved: false, doubts })
    } else if (first !== undefined && !isParty(first)) {
      lost.push({ resource: resourceNode(graph, resourceBehind(graph, first)), node: first })
    }
  }
  const known = new Map(sets.map(set => [set, ranks[graph.partyNumber.get(set.parties[0]!)!]!]))
  sets.sort(
    (a, b) =>
      Number(b.proved) - Number(a.proved) || a.cycle.length - b.cycle.length || known.get(a)! - known.get(b)!,
  )
  return { graph, proof, suspicion, blocked, sets, lost }
}

/** Who can go on, and may release what the set waits for without holding it. */
function releaseDoubts(
  edges: readonly Edge[],
  graph: WaitsForGraph,
  { live }: Liveness,
  roster: Roster,
): readonly string[] {
  const resources = new Set(edges.flatMap(({ by, resource }) => (by.kind === 'hold' ? [resource] : [])))
  return [...resources].flatMap(resource =>
    resourceNode(graph, graph.resourceNumber.get(resource.id)!)
      .productions.filter(({ party }) => live[graph.partyNumber.get(party)!])
      .slice(0, 1)
      .map(
        ({ party, evidence }) =>
          `${capital(roster.name(party))} can go on, and may release ${resource.label} ${evidence}.`,
      ),
  )
}

/**
 * Nobody was seen to hold anything: threads that hand each other work look the same at two moments, each caught in its
 * wait. Only that all stood still at one moment tells them from those that nothing can wake.
 */
function restsOnStanding({ edges, parties }: Shape, roster: Roster): boolean {
  const unheld = ({ by }: Edge) => by.kind === 'production' || (!by.hold.sure && by.hold.frame === undefined)
  return edges.every(unheld) && parties.every(party => roster.thread(party) !== undefined)
}

function edgeDoubts(edges: readonly Edge[], roster: Roster): readonly string[] {
  const why = (doubt: string | undefined) => (doubt === undefined ? '' : `: ${roster.named(doubt)}`)
  const bringers = new Map<string, Set<string>>()
  const keyOf = ({ resource, doubt }: Edge) => JSON.stringify([resource.id, doubt])
  for (const edge of edges)
    if (!edge.sure && edge.wait.sure && edge.by.kind === 'production')
      bringers.set(keyOf(edge), (bringers.get(keyOf(edge)) ?? new Set()).add(edge.to))
  const doubts = edges.flatMap(edge => {
    const { sure, from, to, by, resource, doubt, wait } = edge
    if (sure) return []
    if (!wait.sure) return [`It is not sure what ${roster.name(from)} waits for${why(doubt)}.`]
    if (by.kind === 'hold')
      return [`It is not sure that ${roster.name(to)} holds ${resource.label}${why(doubt)}.`]
    const key = keyOf(edge)
    const among = bringers.get(key)
    if (among === undefined) return []
    bringers.delete(key)
    const who = nameList([...among], roster, 4)
    return [`It is not sure that only ${who} could bring ${resource.label}${why(doubt)}.`]
  })
  return [...new Set(doubts)].slice(0, 8).map(capital)
}
