/** Random facts, the same for the same seed. */
import type { Hold, Production, Request, Resource, Wait } from '../../src/snapshot/model.ts'
import { event, type Facts, hold, mutex, production, wait } from './build.ts'

export type Random = (below: number) => number

/** mulberry32 */
export function seeded(seed: number): Random {
  let state = seed >>> 0
  return below => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below)
  }
}

/** A few parties (`x0` …) with locks, semaphores, read-write locks and events; the numbers of each resource add up. */
export function randomFacts(random: Random, most = 6): Facts & { readonly parties: readonly string[] } {
  const parties = Array.from({ length: 1 + random(most) }, (_, at) => `x${at}`)
  const resources: Resource[] = []
  const holds: Hold[] = []
  const productions: Production[] = []
  const someone = () => parties[random(parties.length)]!
  const sure = () => (random(6) === 0 ? { sure: false } : {})

  const count = 1 + random(5)
  for (let at = 0; at < count; at++) {
    const id = `r${at}`
    const complete = random(4) === 0 ? { unknown: 'not all were seen' } : (true as const)
    if (random(3) === 0) {
      resources.push(event(id, id, { complete, ...(random(10) === 0 && { free: 1 }) }))
      for (let left = random(4); left > 0; left--) productions.push(production(someone(), id, sure()))
      continue
    }
    const readWrite = random(4) === 0
    const capacity = readWrite ? 10 : 1 + (random(2) && random(3))
    let left = capacity
    if (readWrite && random(2)) {
      holds.push(hold(someone(), id, { ...sure(), mode: 'exclusive', units: capacity }))
      left = 0
    } else {
      for (let more = random(4); more > 0 && left > 0; more--) {
        const units = readWrite ? 1 : 1 + random(left)
        holds.push(hold(someone(), id, { ...sure(), units, ...(readWrite && { mode: 'shared' as const }) }))
        left -= units
      }
    }
    const free = complete === true && random(6) > 0 ? left : random(left + 1)
    resources.push(
      mutex(id, id, {
        kind: readWrite ? 'read-write lock' : 'semaphore',
        complete,
        capacity: random(10) === 0 ? { unknown: 'not counted' } : capacity,
        free: random(8) === 0 ? { unknown: 'not read' } : free,
      }),
    )
  }

  const request = (depth: number): Request => {
    const kind = random(depth > 0 ? 12 : 9)
    if (kind === 0)
      return random(2)
        ? { kind: 'outside', what: 'x' }
        : { kind: 'deadline', inMs: 1, leaves: random(2) === 0 }
    if (kind >= 9) {
      const requests = Array.from({ length: random(6) === 0 ? 0 : 1 + random(3) }, () => request(depth - 1))
      return { kind: kind === 9 ? 'allOf' : 'anyOf', requests }
    }
    const resource = resources[random(resources.length)]!
    if (resource.sort === 'consumable') return { kind: 'produced', resource: resource.id }
    if (resource.kind !== 'read-write lock')
      return { kind: 'units', resource: resource.id, units: 1 + random(2) }
    return { kind: 'units', resource: resource.id, units: 1, mode: random(2) ? 'shared' : 'exclusive' }
  }
  const waits = parties.flatMap((id): Wait[] => (random(6) === 0 ? [] : [wait(id, request(2), sure())]))
  return { parties, resources, holds, productions, waits }
}
