/** The graph of one isolate's heap, read from the memory of its process. */
import type { Heap } from '../../memory/v8/heap.ts'
import type { SuspendedSlots } from '../../memory/v8/javascript-frames.ts'
import type {
  Activation,
  Continuation,
  HeapEdge,
  HeapFunction,
  HeapGraph,
  HeapNode,
  HeapNodeKind,
  HeapPlace,
  HeapValue,
  PromiseState,
  Reaction,
} from '../graph.ts'
import { isSuspended, readActivation } from './activations.ts'
import type { HeapImage } from './heap-image.ts'
import { isObjectShape, shape } from './shapes.ts'

const LONGEST_TEXT = 1000
const MOST_EDGES = 100_000

export class MemoryGraph implements HeapGraph {
  readonly source = 'memory'
  readonly isolate: number
  readonly consistent: true | string
  readonly #image: HeapImage
  readonly #heap: number
  #activations: readonly Activation[] | undefined
  #promises: readonly HeapNode[] | undefined
  #closures: ReadonlyMap<string, readonly HeapNode[]> | undefined
  readonly #instances = new Map<string, readonly HeapNode[]>()

  /** `heap`: the address of the isolate's Heap, by which the chunks of the image tell to whom they belong. */
  constructor(
    image: HeapImage,
    { isolate, heap }: { readonly isolate: number; readonly heap: number },
    consistent: true | string,
  ) {
    this.#image = image
    this.isolate = isolate
    this.#heap = heap
    this.consistent = consistent
  }

  activations(): readonly Activation[] {
    const { objects, walk } = this.#image
    this.#activations ??= Array.from(walk.generators)
      .filter(object => this.#isOwn(object) && isSuspended(objects, object))
      .map(object => readActivation(this.#image, object))
    return this.#activations
  }

  /** The objects by their addresses, as they were when they were read. */
  get byAddress(): Heap {
    return this.#image.objects.heap
  }

  /** Where a suspended function has its values. */
  slotsOf({ node, function: called, parameters }: Activation): SuspendedSlots {
    const { objects } = this.#image
    const { context, receiver, registers } = objects.fields.generator
    const address = (word: number) => objects.arena.addressOf(word)
    return {
      closure: objects.tagged(called),
      context: address(node + context),
      receiver: address(node + receiver),
      parameters: address(objects.target(node + registers) + 2),
      parameterCount: parameters,
    }
  }

  promises(): readonly HeapNode[] {
    if (this.#promises === undefined) {
      const { promises, walk } = this.#image
      const found = new Set(this.activations().flatMap(activation => activation.promises))
      for (const promise of walk.promises)
        if (this.#isOwn(promise) && promises.hasReactions(promise)) found.add(promise)
      this.#promises = [...found]
    }
    return this.#promises
  }

  closures(builtins: readonly string[]): readonly HeapNode[] {
    this.#closures ??= this.#image.builtinClosures(object => this.#isOwn(object))
    return builtins.flatMap(name => this.#closures!.get(name) ?? [])
  }

  instances(className: string): readonly HeapNode[] {
    const known = this.#instances.get(className)
    if (known !== undefined) return known
    const found = this.#image.objectsOf(className, object => this.#isOwn(object))
    this.#instances.set(className, found)
    return found
  }

  kind(node: HeapNode): HeapNodeKind {
    const code = this.#image.objects.shape(node)
    const kind = kinds.get(code)
    if (kind !== undefined) return kind
    if (isObjectShape(code)) return 'object'
    return this.#image.objects.isText(node) ? 'text' : 'other'
  }

  className(node: HeapNode): string {
    const { objects, classes } = this.#image
    return objects.isJavaScript(node) ? classes.name(node) : ''
  }

  code(node: HeapNode): HeapFunction | undefined {
    const { objects, functions } = this.#image
    switch (objects.shape(node)) {
      case shape.function:
        return functions.code(node)
      case shape.boundFunction: {
        const target = objects.target(node + objects.fields.bound.target)
        return target === node ? undefined : this.code(target)
      }
      case shape.module:
        return this.#image.moduleCode(node)
      default:
        return undefined
    }
  }

  text(node: HeapNode): string | undefined {
    return this.#image.objects.text(node)?.slice(0, LONGEST_TEXT)
  }

  value(node: HeapNode, name: string): HeapValue | undefined {
    return this.#image.value(node, name)
  }

  has(node: HeapNode, name: string): boolean {
    return this.#image.classes.has(node, name)
  }

  method(node: HeapNode, name: string): HeapNode | undefined {
    return this.#image.classes.method(node, name)
  }

  edges(node: HeapNode): readonly HeapEdge[] {
    const { objects, edges } = this.#image
    const found: HeapEdge[] = []
    edges.visit(node, (kind, slot, name) => {
      const target = objects.target(slot)
      if (target !== 0 && this.#isNode(target)) found.push({ kind, name: name(), node: target })
      return found.length >= MOST_EDGES
    })
    return found
  }

  retainers(node: HeapNode): readonly HeapEdge[] {
    return this.#image.retainers.of(node)
  }

  nativelyHeld(node: HeapNode): boolean {
    return this.#image.isHeld(node)
  }

  state(promise: HeapNode): PromiseState {
    return this.#image.promises.state(promise)
  }

  reactions(promise: HeapNode): readonly Reaction[] {
    return this.#image.promises.reactions(promise)
  }

  continuation(closure: HeapNode): Continuation | undefined {
    return this.#image.promises.continuation(closure)
  }

  async positions(nodes: readonly HeapNode[]): Promise<ReadonlyMap<HeapNode, HeapPlace>> {
    const wanted = new Set(nodes)
    return new Map(
      this.activations().flatMap(({ node, at }) =>
        at !== undefined && wanted.has(node) ? [[node, at]] : [],
      ),
    )
  }

  scriptSource(scriptId: number): string | undefined {
    return this.#image.functions.source(scriptId)
  }

  #isOwn(object: number): boolean {
    return this.#image.objects.isLive(object) && this.#image.objects.arena.chunkOf(object).heap === this.#heap
  }

  /** Not `undefined`, numbers, and what V8 has for itself only. */
  #isNode(object: number): boolean {
    const { objects } = this.#image
    const code = objects.shape(object)
    if (kinds.has(code) || isObjectShape(code)) return true
    if (code === shape.fixed) return object >= objects.arena.writable && objects.isRequest(object)
    return code === shape.capability || code === shape.job || objects.isText(object)
  }
}

const kinds: ReadonlyMap<number, HeapNodeKind> = new Map([
  [shape.asyncFunction, 'activation'],
  [shape.asyncGenerator, 'activation'],
  [shape.generator, 'activation'],
  [shape.promise, 'promise'],
  [shape.reaction, 'reaction'],
  [shape.function, 'function'],
  [shape.boundFunction, 'bound function'],
  [shape.context, 'context'],
  [shape.array, 'array'],
  [shape.mapObject, 'map'],
  [shape.setObject, 'set'],
  [shape.module, 'module'],
])
