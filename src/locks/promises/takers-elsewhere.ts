/**
 * Whether a lock that lets its holders in by itself is also told to by others: its functions that take the next one out of the queue
 * are used outside of what puts waiters in, of what runs them and of each other (a handler that calls `next()` after it has widened
 * a limit), or are there for others (`cancelAll()`).
 */
import { isCall, isFunction, type Node, unwrapped, walk } from '../../sources/syntax-tree.ts'
import type { AsyncWaits, PromiseLock } from './async-waits.ts'
import type { FunctionSource } from './function-sources.ts'
import { functionsByName, ownText, takesFrom } from './next-taker.ts'
import { nameOfProperty } from './suspended-code.ts'

/** The reason why its holders are not all who can let somebody in; undefined where they are. */
export function takersElsewhere(waits: AsyncWaits, lock: PromiseLock): string | undefined {
  const lets = lock.holds.some(({ acquired, pair }) => acquired === undefined || pair?.by === 'list')
  if (!lets) return undefined
  for (const source of scriptsOf(waits, lock)) {
    const line = usedElsewhere(source, lock, holdersIn(waits, lock, source))
    if (line !== undefined) return `it can also be told to let the next one in (line ${line})`
  }
  return undefined
}

/** Those of the program; what a package is for is known by its documentation. */
function scriptsOf(waits: AsyncWaits, lock: PromiseLock): Iterable<FunctionSource> {
  const { heap } = waits.graph
  const made = [...lock.parts].flatMap(part =>
    heap.kind(part) === 'object' ? (heap.method(part, 'constructor') ?? []) : [],
  )
  const codes = [
    ...lock.holds.map(({ activation }) => activation.code),
    ...lock.waiting.flatMap(({ task }) => task.activations.map(({ code }) => code)),
    ...[...made, ...lock.functions, ...lock.runsNext].flatMap(node => heap.code(node) ?? []),
  ]
  const scripts = new Map<unknown, FunctionSource>()
  for (const code of codes) {
    if (/node_modules|^node:/.test(code.place?.script ?? 'node:')) continue
    const source = waits.sources.of(code)
    if (source !== undefined) scripts.set(source.syntax, source)
  }
  return scripts.values()
}

function holdersIn(waits: AsyncWaits, lock: PromiseLock, { syntax }: FunctionSource): ReadonlySet<Node> {
  return new Set(
    lock.holds.flatMap(({ activation }) => {
      const source = waits.sources.of(activation.code)
      return source?.syntax === syntax ? [source.fn] : []
    }),
  )
}

/** The line of the first use outside, or of a function that is there for others. */
function usedElsewhere(
  source: FunctionSource,
  lock: PromiseLock,
  holders: ReadonlySet<Node>,
): number | undefined {
  const { syntax } = source
  const takers = new Set<Node>(
    syntax.functions.filter(fn => !holders.has(fn) && takesFrom(ownText(syntax, fn), lock.names)),
  )
  const byName = [...functionsByName(source)].filter(([, functions]) => functions.some(fn => takers.has(fn)))
  const names = new Set(byName.map(([name]) => name))
  const putters = puttersOf(source, lock.names)
  const isInside = (fn: Node) => takers.has(fn) || holders.has(fn) || putters.has(fn)
  const used = new Set<string>()
  for (const node of walk(syntax.root)) {
    const name = usedName(syntax, node, lock.names)
    if (name === undefined || !names.has(name)) continue
    const around = [...syntax.ancestors(node)].filter(isFunction)
    if (!around.some(isInside)) return syntax.lines.positionAt(node.start).line
    used.add(name)
  }
  const forOthers = byName.find(([name]) => !used.has(name) && !lock.methods.has(name))
  const taker = forOthers?.[1].find(fn => takers.has(fn))
  return taker === undefined ? undefined : syntax.lines.positionAt(taker.start).line
}

/** `next`, `this.next`, `queue.next`: not the name of a declaration, nor a member of anything else. */
function usedName(
  syntax: FunctionSource['syntax'],
  node: Node,
  names: readonly string[],
): string | undefined {
  if (node.type === 'MemberExpression') {
    const object = unwrapped(node.object as Node)
    const isOwn =
      object.type === 'ThisExpression' ||
      (object.type === 'Identifier' &&
        (names.includes(object.name) || /^_?(?:this|self|that)\d*$/.test(object.name)))
    return isOwn ? nameOfProperty(node) : undefined
  }
  if (node.type !== 'Identifier') return undefined
  const parent = syntax.parentOf(node)
  if (parent === undefined) return undefined
  const isDeclared =
    ('id' in parent && parent.id === node) ||
    (parent.type === 'MemberExpression' && parent.property === node && !parent.computed) ||
    ((parent.type === 'MethodDefinition' || parent.type === 'PropertyDefinition') && parent.key === node) ||
    (parent.type === 'Property' && parent.key === node && parent.value !== node && !parent.shorthand)
  return isDeclared ? undefined : node.name
}

/** The functions that put somebody in, themselves or in a function that they only hand on: `new Promise(resolve => queue.push(resolve))`. */
function puttersOf({ syntax }: FunctionSource, names: readonly string[]): ReadonlySet<Node> {
  const putters = new Set<Node>()
  for (const fn of syntax.functions) {
    if (!putsIn(ownText(syntax, fn), names)) continue
    let outer: Node = fn
    for (const around of syntax.ancestors(fn)) {
      if (around === fn || !isFunction(around)) continue
      putters.add(outer)
      const parent = syntax.parentOf(outer)
      if (parent === undefined || !isCall(parent) || parent.callee === outer) break
      outer = around
    }
    putters.add(outer)
  }
  return putters
}

function putsIn(text: string, names: readonly string[]): boolean {
  return names.some(
    name =>
      name !== '' &&
      new RegExp(
        `(?<![\\w$])${name.replace(/[^\w]/g, '\\$&')}\\s*\\.\\s*(?:push|add|set|enqueue|unshift|append|insert)\\s*\\(`,
      ).test(text),
  )
}
