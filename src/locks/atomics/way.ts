import type { Syntax } from '../../sources/syntax.ts'
import { childrenOf, isLoop, type Node, unwrapped, walkOwn } from '../../sources/syntax-tree.ts'
import { exits, targetOf } from './exits.ts'
import { contains } from './steps.ts'

/** Something that must have been so for a step to have run. */
export interface Condition {
  /** Equal for equal branches of one test: a release in the same branch as the acquisition undoes it surely. */
  readonly key: string
  /** The expression that decides; absent where nothing that can be evaluated does (a `catch`, a `case`). */
  readonly test?: Node
  readonly truthy: boolean
  readonly why: string
  /** The jump that was not taken, where the condition is that one was not. */
  readonly exit?: Node
}

/** How control gets from a step to a position (rules C). */
export interface Way {
  readonly conditions: readonly Condition[]
  /** Loops around the step that are over by then, outermost first: it ran any number of times (rule L1). */
  readonly finished: readonly Node[]
}

/**
 * Whether a step lies on the way to a position of the same function, or to its end; `no` when it cannot have run.
 * The step must come before the position in the order of the text.
 */
export function wayTo(syntax: Syntax, owner: Node, step: Node, position: Node | 'end'): Way | 'no' {
  const chain = [...upTo(syntax, step, owner)]
  const other = position === 'end' ? new Set([owner]) : new Set(upTo(syntax, position, owner))
  const commonIndex = chain.findIndex(node => other.has(node))
  const common = chain[commonIndex] ?? owner
  const below = commonIndex > 0 ? chain[commonIndex - 1] : undefined
  const conditions: Condition[] = []
  const finished: Node[] = []
  let viaFinally = false

  if (position !== 'end' && below) {
    const beside = [...other].find(node => syntax.parentOf(node) === common)
    if (common.type === 'IfStatement' || common.type === 'ConditionalExpression') {
      if (below !== common.test && beside !== common.test && below !== beside) return 'no'
    } else if (common.type === 'SwitchStatement' && below !== common.discriminant) {
      if (exits(below, () => true)) return 'no'
      conditions.push(opaque(below, 'a `case` of a `switch`'))
    } else if (common.type === 'TryStatement') {
      viaFinally = beside === common.finalizer
      if (beside === common.handler) conditions.push(opaque(common, 'an exception may have come first'))
      else if (below === common.handler) conditions.push(opaque(common, 'only after an exception'))
    }
  }

  for (let index = 0; index + 1 < commonIndex || (position === 'end' && index + 1 < chain.length); index++) {
    const child = chain[index]!
    const parent = chain[index + 1]!
    if (position === 'end' ? parent === owner : parent === common) break
    const condition = branch(child, parent)
    if (condition) conditions.push(condition)
    if (
      isLoop(parent) &&
      (child === parent.body || (parent.type === 'ForStatement' && child === parent.update))
    ) {
      finished.unshift(parent)
      const early = exitsBefore(syntax, parent.body as Node, step, 'iteration')
      if (early === 'no') return 'no'
      conditions.push(...early)
    }
  }
  if (!viaFinally && leaves(syntax, chain, common, owner, position)) return 'no'
  if (position === 'end') {
    const early = exitsBefore(syntax, owner, step, 'function')
    if (early === 'no') return 'no'
    conditions.push(...early)
  }
  return { conditions, finished }
}

/** The way of a step inside one iteration of a loop that goes on: for its earlier iterations (rule L2). */
export function wayInIteration(syntax: Syntax, loop: Node, step: Node): readonly Condition[] | 'no' {
  const conditions: Condition[] = []
  const chain = [...upTo(syntax, step, loop)]
  for (let index = 0; index + 1 < chain.length; index++) {
    const condition = branch(chain[index]!, chain[index + 1]!)
    if (condition) conditions.push(condition)
    const node = chain[index]!
    const parent = chain[index + 1]!
    // A branch that leaves the loop for good was not taken in an earlier iteration.
    for (const statement of statementsFrom(parent, node))
      if (exits(statement, kind => kind === 'ReturnStatement' || kind === 'ThrowStatement')) return 'no'
  }
  const body = isLoop(loop) ? (loop.body as Node) : loop
  const early = exitsBefore(syntax, body, step, 'iteration')
  return early === 'no' ? 'no' : [...conditions, ...early]
}

/** Whether `first` comes before `second` as the program runs: textual order, a `for` head's update after its body. */
export function runsBefore(syntax: Syntax, first: Node, second: Node): boolean {
  if (contains(second, first) && first !== second) return true
  if (contains(first, second)) return false
  const chain = [...syntax.ancestors(first)]
  const others = [...syntax.ancestors(second)]
  const set = new Set(others)
  const common = chain.findIndex(node => set.has(node))
  const parent = chain[common]
  if (!parent || common === 0) return first.end <= second.start
  const children = childrenOf(parent)
  const beside = others[others.indexOf(parent) - 1]!
  return children.indexOf(chain[common - 1]!) < children.indexOf(beside)
}

function* upTo(syntax: Syntax, node: Node, top: Node): Generator<Node> {
  for (const at of syntax.ancestors(node)) {
    yield at
    if (at === top) return
  }
}

function opaque(node: Node, why: string): Condition {
  return { key: `${node.start}:${node.end}`, truthy: true, why }
}

function branch(child: Node, parent: Node): Condition | undefined {
  if (parent.type === 'IfStatement' || parent.type === 'ConditionalExpression') {
    if (child === parent.test) return undefined
    return when(parent.test as Node, child === parent.consequent, 'a branch')
  }
  if (parent.type === 'LogicalExpression' && child === parent.right) {
    if (parent.operator === '??') return opaque(child, 'the right side of `??`')
    return when(parent.left as Node, parent.operator === '&&', `the right side of \`${parent.operator}\``)
  }
  if (parent.type === 'SwitchCase' && child !== parent.test) return opaque(parent, 'a `case` of a `switch`')
  if (parent.type === 'CatchClause') return opaque(parent, 'a `catch`')
  if (parent.type === 'TryStatement' && child === parent.block && parent.handler)
    return exits(parent.handler.body as Node, () => true)
      ? undefined
      : opaque(parent, 'a `try` whose exception is caught')
  return undefined
}

function when(test: Node, truthy: boolean, what: string): Condition {
  let node = unwrapped(test)
  let value = truthy
  while (node.type === 'UnaryExpression' && node.operator === '!') {
    node = unwrapped(node.argument as Node)
    value = !value
  }
  return { key: `${node.start}:${node.end}:${value}`, test: node, truthy: value, why: what }
}

/** Rule C: a branch that ends in `return`, `throw`, `break` or `continue` and does not contain the position. */
function leaves(
  syntax: Syntax,
  chain: readonly Node[],
  common: Node,
  owner: Node,
  position: Node | 'end',
): boolean {
  for (let index = 0; index + 1 < chain.length; index++) {
    const node = chain[index]!
    const parent = chain[index + 1]!
    if (node === common || parent === common) break
    for (const statement of statementsFrom(parent, node)) {
      const gone = exits(statement, (kind, exit) => {
        if (kind === 'ThrowStatement') return true
        if (position === 'end') return false
        if (kind === 'ReturnStatement') return true
        const target = targetOf(syntax, exit, owner)
        return target !== undefined && contains(target, common)
      })
      if (gone) return true
    }
  }
  return false
}

/** The statements of a list from the one that contains `node` on. */
function statementsFrom(list: Node, node: Node): readonly Node[] {
  const statements =
    list.type === 'BlockStatement' || list.type === 'Program'
      ? (list.body as Node[])
      : list.type === 'SwitchCase'
        ? (list.consequent as Node[])
        : isStatement(node)
          ? [node]
          : []
  const from = statements.indexOf(node)
  return from < 0 ? [] : statements.slice(from)
}

function isStatement(node: Node): boolean {
  return node.type.endsWith('Statement')
}

/**
 * The jumps that could have kept a step from running at all: an early `return` of a function that has ended, a
 * `continue` or `break` of a loop. Each is a condition: its test must have been false.
 */
function exitsBefore(
  syntax: Syntax,
  region: Node,
  step: Node,
  of: 'function' | 'iteration',
): Condition[] | 'no' {
  const conditions: Condition[] = []
  for (const node of walkOwn(region)) {
    const kind = node.type
    if (
      of === 'function'
        ? kind !== 'ReturnStatement'
        : kind !== 'BreakStatement' && kind !== 'ContinueStatement'
    )
      continue
    if (contains(node, step) || !runsBefore(syntax, node, step)) continue
    if (of === 'iteration') {
      const target = targetOf(syntax, node, syntax.root)
      if (!target || !contains(target, step)) continue
    }
    // Exclusive branches of one test: the jump cannot come before the step.
    const way = wayToSibling(syntax, node, step)
    if (way === 'exclusive') continue
    if (!way) return 'no'
    conditions.push({ ...way, exit: node })
  }
  return conditions
}

function wayToSibling(syntax: Syntax, exit: Node, step: Node): Condition | 'exclusive' | undefined {
  const others = new Set(syntax.ancestors(step))
  let found: Condition | undefined
  let child = exit
  for (const parent of syntax.ancestors(exit)) {
    if (parent === exit) continue
    if (others.has(parent)) {
      if (parent.type === 'IfStatement' && child !== parent.test && !others.has(parent.test as Node))
        return 'exclusive'
      // Whatever leaves the block of a `try` comes through its `finally`.
      if (parent.type === 'TryStatement' && parent.finalizer && others.has(parent.finalizer as Node))
        return 'exclusive'
      return found
    }
    const condition = branch(child, parent)
    if (condition && found) found = opaque(exit, 'an early exit')
    else if (condition)
      found = condition.test ? when(condition.test, !condition.truthy, 'an early exit') : condition
    else if (isLoop(parent) || parent.type === 'SwitchCase') found ??= opaque(parent, 'a jump out of a loop')
    child = parent
  }
  return found
}
