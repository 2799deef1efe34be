/** What tasks wait for, as requests of the waits-for graph. */
import type { HeapNode } from '../../heap/graph.ts'
import type { Need } from '../../heap/tasks.ts'
import type { Production, Request, Resource } from '../../snapshot/model.ts'
import type { AsyncWaits, PromiseLock } from './async-waits.ts'
import type { FactContext } from './fact-context.ts'
import { returnOf } from './frame-names.ts'
import { type Outside, outsideOf } from './outside-waits.ts'
import type { TaskParties } from './task-parties.ts'

export class TaskRequests {
  /** The returns of functions that others wait for, as far as they were asked for. */
  readonly resources: Resource[] = []
  readonly productions: Production[] = []
  readonly #waits: AsyncWaits
  readonly #context: FactContext
  readonly #parties: TaskParties
  readonly #ids: ReadonlyMap<PromiseLock, string>
  readonly #results = new Map<HeapNode, string>()

  /** `ids`: those of the locks that somebody holds. */
  constructor(
    waits: AsyncWaits,
    context: FactContext,
    parties: TaskParties,
    ids: ReadonlyMap<PromiseLock, string>,
  ) {
    this.#waits = waits
    this.#context = context
    this.#parties = parties
    this.#ids = ids
  }

  of(need: Need): Request {
    switch (need.kind) {
      case 'all':
      case 'any':
        return {
          kind: need.kind === 'all' ? 'allOf' : 'anyOf',
          requests: need.needs.map(one => this.of(one)),
        }
      case 'return':
        return this.#return(need.activation)
      case 'settled':
        return this.#settled(need.promise)
    }
  }

  #return(activation: HeapNode): Request {
    const task = this.#parties.taskOf(activation)
    if (task === undefined) return { kind: 'outside', what: 'a function that goes on' }
    const known = this.#results.get(activation)
    if (known !== undefined) return { kind: 'produced', resource: known }
    const party = this.#parties.idOf(task)!
    const id = `${party}/return ${task.activations.findIndex(({ node }) => node === activation) + 1}`
    const frame = this.#context.frameOf(this.#waits.graph.activations.get(activation)!)
    this.#results.set(activation, id)
    this.resources.push({
      id,
      sort: 'consumable',
      kind: 'return',
      label: returnOf(frame),
      aliases: [],
      process: this.#context.process,
      capacity: { unknown: 'a function returns once' },
      free: 0,
      complete: true,
    })
    this.productions.push({
      party,
      resource: id,
      sure: true,
      how: 'observed',
      evidence: 'the promise that it awaits is the one that this call returned',
    })
    return { kind: 'produced', resource: id }
  }

  #settled(promise: HeapNode): Request {
    const lock = this.#waits.lockOf(promise)
    const id = lock && this.#ids.get(lock)
    const outside = outsideOf(this.#waits, promise, this.#context.loopNow)
    const units: Request | undefined =
      id === undefined ? undefined : { kind: 'units', resource: id, units: 1 }
    if (units === undefined) return this.#byFunctions(promise) ?? requestOf(outside)
    // A timer beside the queue is a time limit; a signal, or a socket, may take it out of the queue.
    const ends = outside.kind === 'timer' || outside.kind === 'i/o'
    return ends ? { kind: 'anyOf', requests: [units, requestOf(outside)] } : units
  }

  /** Only suspended functions can settle it: those that have its resolving function in a variable. */
  #byFunctions(promise: HeapNode): Request | undefined {
    const { stores, timers, io, roots, activations } = this.#waits.reachOf(promise)
    if (stores.length + timers.length + io.length + roots.length > 0) return undefined
    const awaiting = this.#waits.graph.awaiting(promise)
    // What waits for its own doing may have been meant to wait for ever; what its caller would do is another thing.
    const isOther = (node: HeapNode) => this.#parties.taskOf(node) !== undefined && !awaiting.includes(node)
    if (activations.length === 0 || !activations.every(isOther)) return undefined
    const own = awaiting.flatMap(node => this.#parties.taskOf(node) ?? [])
    const requests = activations.map(node =>
      own.includes(this.#parties.taskOf(node)!) ? this.#doingOf(node) : this.#return(node),
    )
    return { kind: 'anyOf', requests }
  }

  /** What a function that the waiting one was called by would do when it goes on. */
  #doingOf(activation: HeapNode): Request {
    const request = this.#return(activation)
    if (request.kind !== 'produced') return request
    const id = `${request.resource} settles`
    if (!this.resources.some(one => one.id === id)) {
      const resource = this.resources.find(one => one.id === request.resource)!
      const production = this.productions.find(one => one.resource === request.resource)!
      const label = resource.label.replace('the return of', 'a promise that is settled by')
      this.resources.push({ ...resource, id, kind: 'promise', label })
      const evidence = 'only a variable of this call has what settles it'
      this.productions.push({ ...production, resource: id, evidence })
    }
    return { kind: 'produced', resource: id }
  }
}

function requestOf(outside: Outside): Request {
  return outside.kind === 'timer'
    ? { kind: 'deadline', inMs: outside.inMs ?? null, leaves: true }
    : { kind: 'outside', what: outside.text }
}
