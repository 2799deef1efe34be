/** All that was read of a process's heaps, of all isolates, with what decodes it. */
import type { Memory } from '../../memory/memory.ts'
import type { Layout } from '../../memory/v8/layout.ts'
import type { HeapFunction, HeapValue } from '../graph.ts'
import type { Arena } from './arena.ts'
import type { Builtins } from './builtins.ts'
import { Classes } from './classes.ts'
import { Edges } from './edges.ts'
import { Functions } from './functions.ts'
import { pendingMicrotasks } from './microtasks.ts'
import { Objects } from './objects.ts'
import { Promises } from './promises.ts'
import { Retainers } from './retainers.ts'
import type { Roots } from './roots.ts'
import { ScopeNames } from './scope-names.ts'
import { isObjectShape, shape } from './shapes.ts'
import { flag, referencesTo, type Walk } from './walk.ts'

export interface HeapParts {
  readonly arena: Arena
  readonly walk: Walk
  readonly roots: Roots
  readonly layout: Layout
  readonly builtins: Builtins
  /** For texts that lie outside of V8's heap. */
  readonly outside: Memory
}

export class HeapImage {
  readonly objects: Objects
  readonly functions: Functions
  readonly classes: Classes
  readonly promises: Promises
  readonly edges: Edges
  readonly retainers: Retainers
  readonly walk: Walk
  readonly #roots: Roots
  readonly #held: ReadonlySet<number>
  readonly #microtasks: ReadonlySet<number> | undefined

  constructor({ arena, walk, roots, layout, builtins, outside }: HeapParts) {
    this.walk = walk
    this.#roots = roots
    // Every program has global handles: where none was recognised, all that may be one counts.
    this.#held = roots.handles > 0 ? roots.held : new Set(roots.hits)
    this.objects = new Objects(arena, walk.flags, layout, outside)
    this.functions = new Functions(this.objects, builtins)
    this.classes = new Classes(this.objects, this.functions)
    this.promises = new Promises(this.objects, this.functions)
    this.edges = new Edges(this.objects, new ScopeNames(this.objects))
    this.retainers = new Retainers(this.objects, this.edges)
    this.#microtasks = pendingMicrotasks(this.objects, outside, [...walk.nativeContexts])
  }

  isHeld(object: number): boolean {
    return this.#held.has(object) || this.#microtasks?.has(object) === true
  }

  /**
   * What something outside the heap refers to. Microtasks only while they are to run: what ran is still written in their queue, and would
   * keep alive what it went on with.
   */
  rootObjects(): Int32Array {
    const { hits } = this.#roots
    if (this.#microtasks === undefined) return hits
    const others = hits.filter(object => this.objects.shape(object) !== shape.job)
    return Int32Array.from([...others, ...this.#microtasks])
  }

  /** What an object has by a name: a property, an element, a variable, or an internal field. */
  value(object: number, name: string): HeapValue | undefined {
    const { objects } = this
    if (name === 'length' && objects.shape(object) === shape.array)
      return objects.value(object + objects.fields.array.length)
    const element = /^\d+$/.test(name) ? this.edges.element(object, Number(name)) : 0
    if (element !== 0) return objects.value(element)
    let internal = 0
    let found = 0
    this.edges.visit(object, (kind, slot, edgeName) => {
      if (edgeName() !== name) return false
      if (kind !== 'internal') found = slot
      else if (internal === 0) internal = slot
      return found !== 0
    })
    if (found === 0 && internal === 0) return undefined
    return objects.value(found === 0 ? internal : found) ?? { kind: 'undefined' }
  }

  /** Where a module's code is: while it runs or waits, its function stands in a generator object. */
  moduleCode(module: number): HeapFunction | undefined {
    const { objects, functions } = this
    for (let at = module + 1; at < module + objects.size(module); at++) {
      const part = objects.target(at)
      const code = objects.shape(part)
      if (code >= shape.asyncFunction && code <= shape.generator)
        return functions.code(objects.target(part + objects.fields.generator.function))
      if (code === shape.function) return functions.code(part)
      if (objects.type(part) === objects.layout.type.SHARED_FUNCTION_INFO) return functions.describe(part)
    }
    return undefined
  }

  /** All functions whose code is one of V8's builtins, by its name. */
  builtinClosures(isWanted: (object: number) => boolean): ReadonlyMap<string, readonly number[]> {
    const found = new Map<string, number[]>()
    for (const object of this.walk.functions) {
      if (!isWanted(object)) continue
      const name = this.functions.builtinName(this.functions.shared(object))
      if (name === undefined) continue
      const list = found.get(name)
      if (list === undefined) found.set(name, [object])
      else list.push(object)
    }
    return found
  }

  objectsOf(className: string, isWanted: (object: number) => boolean): readonly number[] {
    const { arena, flags } = this.objects
    const maps = this.walk.maps.filter(
      map => isObjectShape(flags[map]! & flag.shape) && this.classes.nameByMap(map) === className,
    )
    const objects = referencesTo(arena, maps)
    return Array.from(objects.filter(object => flags[object]! & flag.start && isWanted(object)))
  }
}
