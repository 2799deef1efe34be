/** The waits-for graph as a picture to draw: who waits for what, and who has it or could bring it. */
import type { Diagnosis, Edge, Status } from '../diagnosis/diagnosis.ts'
import { requestParts } from '../diagnosis/request-parts.ts'
import { bare, buildRoster, type Roster } from '../diagnosis/roster.ts'
import { lastLook } from '../diagnosis/stay.ts'
import type { Snapshot } from '../snapshot/model.ts'
import { printable } from './printable.ts'

export interface PictureNode {
  /** A short name that is safe in every format: `n0`. */
  readonly name: string
  /** The id of the party or resource in the snapshot. */
  readonly id: string
  readonly kind: 'party' | 'resource'
  readonly label: string
  /** Among those that a finding blames, or what they wait for: its status. */
  readonly blamed: Status | undefined
}

export interface PictureArrow {
  readonly from: string
  readonly to: string
  /** `waits for`, `held by`, `brought by`. */
  readonly label: string
  /** In the circle of a finding: its status. */
  readonly blamed: Status | undefined
  readonly sure: boolean
}

export interface Picture {
  readonly nodes: readonly PictureNode[]
  readonly arrows: readonly PictureArrow[]
  /** How many waiting parties were left out. */
  readonly left: number
}

const longestLabel = 60

/** Those that the findings blame come first, then those behind them, then all others that wait; `most` parties at most. */
export function drawPicture(snapshot: Snapshot, diagnosis: Diagnosis, most = 100): Picture {
  const roster = buildRoster(snapshot)
  const drawing = new Drawing(snapshot, roster, most)
  for (const { status, cycle, edges, parties } of diagnosis.findings) {
    const blamed = status ?? undefined
    for (const party of parties) if (edges.length > 0) drawing.party(party, blamed)
    for (const edge of edges)
      drawing.edge(edge, cycle.length === 0 || cycle.includes(edge) ? blamed : undefined)
  }
  for (const { chain } of diagnosis.threads) for (const edge of chain) drawing.edge(edge, undefined)
  drawing.waits(diagnosis)
  return drawing.picture
}

class Drawing {
  readonly #snapshot: Snapshot
  readonly #roster: Roster
  readonly #most: number
  readonly #labels: ReadonlyMap<string, string>
  readonly #nodes = new Map<string, PictureNode>()
  readonly #arrows = new Map<string, PictureArrow>()
  readonly #left = new Set<string>()
  #parties = 0

  constructor(snapshot: Snapshot, roster: Roster, most: number) {
    this.#snapshot = snapshot
    this.#roster = roster
    this.#most = most
    this.#labels = new Map(snapshot.resources.map(({ id, label }) => [id, label]))
  }

  get picture(): Picture {
    return { nodes: [...this.#nodes.values()], arrows: [...this.#arrows.values()], left: this.#left.size }
  }

  edge({ from, to, ask, by, sure }: Edge, blamed: Status | undefined): void {
    this.#join(from, ask.resource, to, by.kind === 'hold' ? 'held by' : 'brought by', sure, blamed)
  }

  /** Everyone else that waits, with those who hold what is waited for. */
  waits({ findings }: Diagnosis): void {
    const stuck = new Set(findings.flatMap(({ parties, victims }) => [...parties, ...victims]))
    const waited = new Set<string>()
    const ordered = [
      ...this.#snapshot.waits.filter(({ party }) => stuck.has(party)),
      ...this.#snapshot.waits.filter(({ party }) => !stuck.has(party)),
    ]
    for (const { party, request, sure } of ordered) {
      // An event loop that can be woken waits for nothing that a reader looks for.
      const thread = this.#roster.thread(party)
      const activity = thread && lastLook(thread)?.activity.kind
      if (activity === 'event-loop' && !stuck.has(party)) continue
      for (const { resource } of requestParts(request).asks)
        if (this.#join(party, resource, undefined, '', sure, undefined)) waited.add(resource)
    }
    for (const { party, resource, sure } of this.#snapshot.holds)
      if (waited.has(resource)) this.#join(undefined, resource, party, 'held by', sure, undefined)
  }

  party(id: string, blamed: Status | undefined): string | undefined {
    const known = this.#nodes.get(id)
    if (known) return known.name
    if (this.#parties >= this.#most) {
      this.#left.add(id)
      return undefined
    }
    this.#parties++
    return this.#node(id, 'party', bare(this.#roster.name(id)), blamed)
  }

  #node(id: string, kind: PictureNode['kind'], text: string, blamed: Status | undefined): string {
    const known = this.#nodes.get(id)
    if (known && (known.blamed !== undefined || blamed === undefined)) return known.name
    const name = known?.name ?? `n${this.#nodes.size}`
    const plain = printable(text).replace(/\s+/g, ' ').trim()
    const label = plain.length > longestLabel ? `${plain.slice(0, longestLabel - 1)}…` : plain
    this.#nodes.set(id, { name, id, kind, label, blamed })
    return name
  }

  #join(
    from: string | undefined,
    resource: string,
    to: string | undefined,
    by: string,
    sure: boolean,
    blamed: Status | undefined,
  ): boolean {
    const waiter = from === undefined ? undefined : this.party(from, undefined)
    const giver = to === undefined ? undefined : this.party(to, undefined)
    if ((from !== undefined && waiter === undefined) || (to !== undefined && giver === undefined))
      return false
    const middle = this.#node(resource, 'resource', this.#labels.get(resource) ?? resource, blamed)
    if (waiter !== undefined) this.#arrow(waiter, middle, 'waits for', true, blamed)
    if (giver !== undefined) this.#arrow(middle, giver, by, sure, blamed)
    return true
  }

  #arrow(from: string, to: string, label: string, sure: boolean, blamed: Status | undefined): void {
    const key = `${from} ${to} ${label}`
    const known = this.#arrows.get(key)
    if (known && (known.blamed !== undefined || blamed === undefined)) return
    this.#arrows.set(key, { from, to, label, sure: known ? known.sure && sure : sure, blamed })
  }
}
