/** The two passes, and what each leaves behind: sets that wait only for each other, and resources nobody can give. */
import type { Snapshot } from '../snapshot/model.ts'
import { type BlockedGraph, blockedGraph, resourceBehind, terminalComponents } from './blocked-graph.ts'
import type { ClosedSet } from './closed-set.ts'
import { cutDoubt } from './cut.ts'
import { describeSet, type Shape } from './describe-set.ts'
import type { Edge } from './diagnosis.ts'
import { type Liveness, reduce } from './liveness.ts'
import { capital, type Roster } from './roster.ts'
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
      const doubts = [...edgeDoubts(shape.edges, roster), ...(doubt === undefined ? [] : [doubt])]
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
  const told = new Set<string>()
  const doubts = edges.flatMap(({ sure, from, to, by, resource, doubt, wait }) => {
    // A reason that many edges share, of which nobody holds anything, is told with the first of them.
    const shared = by.kind === 'production' ? doubt : undefined
    if (sure || (shared !== undefined && told.has(shared))) return []
    if (shared !== undefined) told.add(shared)
    const verb = by.kind === 'hold' ? 'holds' : 'would have to bring'
    return wait.sure
      ? [`It is not sure that ${roster.name(to)} ${verb} ${resource.label}${why(doubt)}.`]
      : [`It is not sure what ${roster.name(from)} waits for${why(doubt)}.`]
  })
  return [...new Set(doubts)].slice(0, 8).map(capital)
}
