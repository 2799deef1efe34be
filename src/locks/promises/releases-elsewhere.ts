/** Whether a lock is also given back where nothing acquired it: then others than its holders can let somebody in. */
import { isCall, isFunction, type Node, unwrapped, walk } from '../../sources/syntax-tree.ts'
import type { AsyncWaits, PromiseLock } from './async-waits.ts'
import type { FunctionSource } from './function-sources.ts'
import { takesNext } from './next-taker.ts'
import { acquiring } from './pair-holds.ts'
import { type CalledThing, calledThing, nameOfProperty } from './suspended-code.ts'

/** The reason why the holders are not all who can give it back; undefined where they are. */
export function givenBackElsewhere(waits: AsyncWaits, lock: PromiseLock): string | undefined {
  const seen = new Set<string>()
  for (const { source, call, release } of callsOf(waits, lock)) {
    // What the acquisition gave is in nobody else's hands.
    if (nameOf(call) === undefined || nameOf(release) === undefined) continue
    if (release.method !== '' && release.method === call.method) continue
    const key = `${nameOf(release)} ${nameOf(call)}`
    if (seen.has(key)) continue
    seen.add(key)
    const place = unpaired(source, release, call, lock.methods)
    if (place !== undefined) {
      const { line } = source.syntax.lines.positionAt(place.start)
      return `it is also given back where nothing acquired it (${source.syntax.textOf(place).slice(0, 40)}, line ${line})`
    }
  }
  return undefined
}

/** The calls by which its holders acquired it and will give it back, where both name the lock. */
function callsOf(waits: AsyncWaits, lock: PromiseLock) {
  return lock.holds.flatMap(({ activation, pair }) => {
    const code = waits.codeOf(activation)
    if (code === undefined) return []
    if (pair !== undefined)
      return pair.by === 'thing' ? [{ source: code.source, call: pair.call, release: pair.release }] : []
    return code.held.flatMap(({ call, release }) =>
      call.method === '' || release.method === '' || lastName(call.target) !== lastName(release.target)
        ? []
        : [{ source: code.source, call, release }],
    )
  })
}

/**
 * Whether a lock is also acquired without an `await`: such a holder is no suspended function, and is not among those that were
 * found. Where it is known how many units there are, that tells too.
 */
export function acquiredUnawaited(waits: AsyncWaits, lock: PromiseLock): string | undefined {
  for (const { activation } of lock.holds) {
    const code = waits.codeOf(activation)
    for (const { call } of code?.held ?? []) {
      const name = lastName(call.target)
      if (code === undefined || name === undefined || call.method === '') continue
      const { syntax } = code.source
      for (const node of walk(syntax.root)) {
        const called = isCall(node) ? calledThing(node) : undefined
        if (called?.node !== node || called.method !== call.method || lastName(called.target) !== name)
          continue
        const parent = syntax.parentOf(node)
        const waited = parent?.type === 'AwaitExpression' || parent?.type === 'YieldExpression'
        const passedOn =
          parent?.type === 'ReturnStatement' ||
          parent?.type === 'ArrayExpression' ||
          parent?.type === 'ArrowFunctionExpression'
        const then = parent?.type === 'MemberExpression' && nameOfProperty(parent) === 'then'
        if (waited || (!then && (passedOn || parent?.type === 'MemberExpression'))) continue
        return `line ${syntax.lines.positionAt(node.start).line} acquires it without an await, and what holds it then is not seen`
      }
    }
  }
  return undefined
}

/**
 * Whether a queue that runs its holders itself is also told from outside to let the next one in: `queue.start()`, `limiter.refill()`.
 */
export function letInElsewhere(waits: AsyncWaits, lock: PromiseLock): string | undefined {
  const { owner, names, methods } = lock
  if (owner === undefined || lock.holds.every(({ acquired }) => acquired !== undefined)) return undefined
  const { heap } = waits.graph
  const scripts = new Map(
    [
      ...lock.waiting.flatMap(({ task }) => task.activations),
      ...lock.holds.map(one => one.activation),
    ].flatMap(activation => {
      const source = waits.sources.of(activation.code)
      return source === undefined ? [] : [[source.syntax, source] as const]
    }),
  )
  for (const source of scripts.values()) {
    for (const node of walk(source.syntax.root)) {
      const called = isCall(node) ? calledThing(node) : undefined
      if (called === undefined || called.node !== node || called.method === '' || methods.has(called.method))
        continue
      // What the queue does itself is its own doing.
      if (isOwn(called.target) || !names.includes(lastName(called.target) ?? '')) continue
      const method = heap.method(owner, called.method)
      const own = method === undefined ? undefined : waits.sources.ofNode(method)
      if (own !== undefined && takesNext(own, names))
        return `it is also told to let the next one in (line ${source.syntax.lines.positionAt(node.start).line})`
    }
  }
  return undefined
}

function unpaired(
  { syntax }: FunctionSource,
  release: CalledThing,
  acquire: CalledThing,
  methods: ReadonlySet<string>,
): Node | undefined {
  const [given, taken] = [nameOf(release), nameOf(acquire)]
  const calls = [...walk(syntax.root)].flatMap(node => {
    const called = isCall(node) ? calledThing(node) : undefined
    return called !== undefined && called.node === node ? [called] : []
  })
  const name = lastName(release.target)
  const taking = calls.filter(
    one =>
      nameOf(one) === taken ||
      (one.method !== '' &&
        (methods.has(one.method) || acquiring.test(one.method)) &&
        lastName(one.target) === name),
  )
  return calls.find(one => {
    if (nameOf(one) !== given) return false
    const around = [...syntax.ancestors(one.node)].filter(isFunction)
    const outermost = around.at(-1) ?? syntax.root
    return !taking.some(({ node }) => node.start >= outermost.start && node.end <= outermost.end)
  })?.node
}

/** `lock.release`, `unlock`: by the last name of what it is called on. */
function nameOf({ target, method }: CalledThing): string | undefined {
  const name = lastName(target)
  return name === undefined || method === '' ? name : `${name}.${method}`
}

/** `this.#queue` */
function isOwn(node: Node): boolean {
  const inner = unwrapped(node)
  return inner.type === 'ThisExpression' || (inner.type === 'MemberExpression' && isOwn(inner.object as Node))
}

function lastName(node: Node): string | undefined {
  const inner = unwrapped(node)
  if (inner.type === 'Identifier') return inner.name
  if (inner.type === 'ThisExpression') return 'this'
  return inner.type === 'MemberExpression' ? nameOfProperty(inner) : undefined
}
