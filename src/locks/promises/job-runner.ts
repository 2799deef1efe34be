/**
 * The function by which a queue runs one job: whoever takes the next one out of the queue calls it, and when its job is done it
 * lets the next one in. As long as it is suspended, one is inside.
 */
import type { Activation, HeapGraph } from '../../heap/graph.ts'
import { isCall, isFunction, type Node, walk, walkOwn } from '../../sources/syntax-tree.ts'
import type { ActivationValues } from './activation-values.ts'
import type { FunctionSource, FunctionSources } from './function-sources.ts'
import type { LockedStore } from './holds.ts'
import { functionsByName, ownText, takesNext } from './next-taker.ts'
import { type CalledThing, calledThing, type SuspendedCode } from './suspended-code.ts'
import { livesIn, reachesByName } from './waiters-store.ts'

/** How many calls away from the taking of the job its runner may be. */
const deepest = 4

export class JobRunner {
  readonly #heap: HeapGraph
  readonly #sources: FunctionSources
  readonly #values: ActivationValues
  readonly #later = new Map<Node, readonly CalledThing[]>()

  constructor(heap: HeapGraph, sources: FunctionSources, values: ActivationValues) {
    this.#heap = heap
    this.#sources = sources
    this.#values = values
  }

  /** Why a suspended function is the runner of one of the queue's jobs; undefined where nothing shows it. */
  of(activation: Activation, code: SuspendedCode, lock: LockedStore): string | undefined {
    if (lock.keyed) return undefined
    const release = this.#letsOn(activation, code, lock)
    if (release === undefined || !this.#isRunWhenTaken(code, lock)) return undefined
    const text = code.source.syntax.textOf(release.node).replace(/\s+/g, ' ').slice(0, 40)
    return `it runs what was taken out of the queue, and lets the next one in when it goes on (${text})`
  }

  /** Whether there is any function or object of which it could be the release that is still to come. */
  mayRun(activation: Activation, code: SuspendedCode): boolean {
    return this.#callsAfter(code).some(({ target, method }) =>
      method === ''
        ? this.#values.of(activation, code.source, target, '') !== undefined
        : this.#values.thing(activation, code.source, target) !== undefined,
    )
  }

  /** It is called by the function that takes the next one out of the queue, or through others that this one calls. */
  #isRunWhenTaken({ source }: SuspendedCode, lock: LockedStore): boolean {
    const own = namesAround(source)
    if (own.size === 0) return false
    for (const script of this.#scripts(source, lock)) {
      const byName = functionsByName(script)
      const { syntax } = script
      let level: readonly Node[] = syntax.functions.filter(
        fn => fn !== source.fn && takesOut(script, fn, lock.names),
      )
      const seen = new Set<Node>(level)
      for (let depth = 0; depth < deepest && level.length > 0; depth++) {
        const called = level.flatMap(calledIn)
        if (called.some(name => own.has(name))) return true
        level = called.flatMap(name => byName.get(name) ?? []).filter(fn => !seen.has(fn) && seen.add(fn))
      }
    }
    return false
  }

  /** Its own script, and those of the classes of what the lock is made of. */
  #scripts(source: FunctionSource, { parts }: LockedStore): Iterable<FunctionSource> {
    const scripts = new Map([[source.syntax, source]])
    for (const part of parts) {
      const made = this.#heap.kind(part) === 'object' ? this.#heap.method(part, 'constructor') : undefined
      const own = made === undefined ? undefined : this.#sources.ofNode(made)
      if (own !== undefined) scripts.set(own.syntax, own)
    }
    return scripts.values()
  }

  /** A call that is still to come of a function of the lock. */
  #letsOn(activation: Activation, code: SuspendedCode, lock: LockedStore): CalledThing | undefined {
    return this.#callsAfter(code).find(called => this.#isOfLock(activation, code.source, called, lock))
  }

  #callsAfter({ source, suspension }: SuspendedCode): readonly CalledThing[] {
    const known = this.#later.get(suspension)
    if (known !== undefined) return known
    const calls = [...walkOwn(source.fn)].flatMap(node => {
      const called = node.start < suspension.end || !isCall(node) ? undefined : calledThing(node)
      return called?.node === node ? [called] : []
    })
    this.#later.set(suspension, calls)
    return calls
  }

  #isOfLock(activation: Activation, source: FunctionSource, called: CalledThing, lock: LockedStore): boolean {
    const heap = this.#heap
    if (called.method === '') {
      const fn = this.#values.of(activation, source, called.target, '')
      if (fn === undefined) return false
      if (heap.kind(fn) === 'bound function') return livesIn(heap, fn, lock)
      if (!livesIn(heap, fn, lock) && !reachesByName(heap, fn, lock)) return false
      const own = this.#sources.ofNode(fn)
      return own !== undefined && takesNext(own, lock.names)
    }
    const thing = this.#values.thing(activation, source, called.target)
    if (thing === undefined || !lock.parts.has(thing)) return false
    if (called.method.startsWith('#'))
      return (functionsByName(source).get(called.method) ?? []).some(fn => takesNext(source, lock.names, fn))
    const method = heap.method(thing, called.method)
    const own = method === undefined ? undefined : this.#sources.ofNode(method)
    return own !== undefined && takesNext(own, lock.names)
  }
}

/** What a function is called by; of one without a name, what the nearest one around it is called by. */
function namesAround(source: FunctionSource): ReadonlySet<string> {
  const names = new Map<Node, string[]>()
  for (const [name, functions] of functionsByName(source))
    for (const fn of functions) names.set(fn, [...(names.get(fn) ?? []), name])
  const around = [source.fn, ...source.syntax.ancestors(source.fn)]
  const named = around.find(node => names.has(node))
  return new Set(named && names.get(named))
}

/** `queue.shift()`, of a list or a queue by one of these names, or of what is got from one: `queue = this._queues.first()`. */
function takesOut({ syntax }: FunctionSource, fn: Node, names: readonly string[]): boolean {
  const text = ownText(syntax, fn)
  if (!new RegExp(`\\.\\s*${taking}\\s*\\(`).test(text)) return false
  const around = [...syntax.ancestors(fn)].filter(isFunction).slice(0, mostAround).at(-1) ?? fn
  const word = (name: string) => `(?<![\\w$])${name.replace(/[^\w]/g, '\\$&')}(?![\\w$])`
  const known = names.filter(name => name !== '')
  const mentions = new RegExp(known.map(word).join('|') || '$^')
  const got = [...syntax.textOf(around).matchAll(/([\w$]+)\s*=\s*([^;=][^;]*)/g)].flatMap(([, name, from]) =>
    mentions.test(from!) ? [name!] : [],
  )
  return [...known, ...got].some(name =>
    new RegExp(`${word(name)}\\s*\\??\\.\\s*${taking}\\s*\\(`).test(text),
  )
}

const taking = '(?:shift|pop|dequeue|splice|poll|takeFirst|removeFirst|next)'

/** So many functions around one may have the variable that it takes from. */
const mostAround = 2

/** The names of what a function calls, in functions inside of it too. */
function calledIn(fn: Node): readonly string[] {
  const names: string[] = []
  for (const node of walk(fn)) {
    const called = isCall(node) ? calledThing(node) : undefined
    if (called?.node !== node) continue
    if (called.method !== '') names.push(called.method)
    else if (called.target.type === 'Identifier') names.push(called.target.name)
  }
  return names
}
