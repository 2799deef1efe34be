/** Whether a lock is also given back where nothing acquired it: then others than its holders can let somebody in. */
import { isCall, isFunction, type Node, unwrapped, walk } from '../../sources/syntax-tree.ts'
import type { AsyncWaits, PromiseLock } from './async-waits.ts'
import type { FunctionSource } from './function-sources.ts'
import { calledThing, nameOfProperty } from './suspended-code.ts'

/** The reason why the holders are not all who can give it back; undefined where they are. */
export function givenBackElsewhere(waits: AsyncWaits, lock: PromiseLock): string | undefined {
  const releases = lock.holds.flatMap(({ activation }) => {
    const code = waits.codeOf(activation)
    return code === undefined
      ? []
      : code.held.map(({ call, release }) => ({ source: code.source, call, release }))
  })
  const seen = new Set<string>()
  for (const { source, call, release } of releases) {
    // What the acquisition gave is in nobody else's hands.
    if (call.method === '' || release.method === '' || release.method === call.method) continue
    const name = lastName(release.target)
    const key = `${name}.${release.method} ${call.method}`
    if (name === undefined || name !== lastName(call.target) || seen.has(key)) continue
    seen.add(key)
    const place = unpaired(source, name, release.method, call.method)
    if (place !== undefined) {
      const { line } = source.syntax.lines.positionAt(place.start)
      return `it is also given back where nothing acquired it (${source.syntax.textOf(place).slice(0, 40)}, line ${line})`
    }
  }
  return undefined
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

function unpaired(
  { syntax }: FunctionSource,
  name: string,
  release: string,
  acquire: string,
): Node | undefined {
  const calls = [...walk(syntax.root)].flatMap(node => {
    const called = isCall(node) ? calledThing(node) : undefined
    return called !== undefined && called.node === node && lastName(called.target) === name ? [called] : []
  })
  const acquiring = calls.filter(({ method }) => method === acquire)
  return calls.find(({ node, method }) => {
    if (method !== release) return false
    const around = [...syntax.ancestors(node)].filter(isFunction)
    const outermost = around.at(-1) ?? syntax.root
    return !acquiring.some(one => one.node.start >= outermost.start && one.node.end <= outermost.end)
  })?.node
}

function lastName(node: Node): string | undefined {
  const inner = unwrapped(node)
  if (inner.type === 'Identifier') return inner.name
  if (inner.type === 'ThisExpression') return 'this'
  return inner.type === 'MemberExpression' ? nameOfProperty(inner) : undefined
}
