/** The source of functions that a heap holds: parsed once for each script, found by where V8 says that they begin. */
import type { HeapFunction, HeapGraph, HeapNode, HeapPlace } from '../../heap/graph.ts'
import type { Syntax } from '../../sources/syntax.ts'
import { SyntaxStore } from '../../sources/syntax-store.ts'
import { isFunction, type Node } from '../../sources/syntax-tree.ts'

export interface FunctionSource {
  readonly syntax: Syntax
  /** The function's node, or the program for a module's body. */
  readonly fn: Node
}

export class FunctionSources {
  readonly #heap: HeapGraph
  readonly #store: SyntaxStore
  readonly #found = new Map<string, FunctionSource | undefined>()

  constructor(heap: HeapGraph) {
    this.#heap = heap
    this.#store = new SyntaxStore({ get: script => heap.scriptSource(Number(script)) })
  }

  /** Undefined for native functions, and where the script's text is not to be had or is no JavaScript. */
  of({ place, name }: HeapFunction): FunctionSource | undefined {
    if (place === undefined || place.script.startsWith('node:')) return undefined
    const key = `${place.scriptId}:${place.line}:${place.column}:${name === ''}`
    if (!this.#found.has(key)) this.#found.set(key, this.#find(place))
    return this.#found.get(key)
  }

  ofNode(node: HeapNode): FunctionSource | undefined {
    const code = this.#heap.code(node)
    return code && this.of(code)
  }

  #find(place: HeapPlace): FunctionSource | undefined {
    const syntax = this.#store.around(String(place.scriptId), place)
    if ('unknown' in syntax) return undefined
    const offset = syntax.lines.offsetAt(place.line, place.column)
    if (offset === undefined) return undefined
    const fn =
      offset === 0 && !isFunction(syntax.root) ? syntax.root : syntax.functionStartingAt(offset, offset)
    return { syntax, fn }
  }

  /** The offset of a place in the text of its script. */
  offsetOf({ syntax }: FunctionSource, place: HeapPlace): number | undefined {
    return syntax.lines.offsetAt(place.line, place.column)
  }

  /** Whether a function's text uses a name; true where its text is not to be had. */
  mentions(node: HeapNode, name: string): boolean {
    const source = this.ofNode(node)
    if (source === undefined) return true
    const word = new RegExp(`(?<![\\w$])${name.replace(/[^\w]/g, '\\$&')}(?![\\w$])`)
    return word.test(source.syntax.textOf(source.fn))
  }

  /** Whether two functions are made by the same text. */
  static same(one: HeapFunction | undefined, other: HeapFunction | undefined): boolean {
    const key = FunctionSources.keyOf(one)
    return key !== undefined && key === FunctionSources.keyOf(other)
  }

  /** The same for two functions that are made by the same text; undefined for native ones. */
  static keyOf(code: HeapFunction | undefined): string | undefined {
    const place = code?.place
    return place && `${place.scriptId}:${place.line}:${place.column}`
  }
}
