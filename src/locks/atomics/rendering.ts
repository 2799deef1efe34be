import { type Declaration, declarationOf } from '../../sources/scopes.ts'
import type { Syntax } from '../../sources/syntax.ts'
import { type Node, unwrapped, walk } from '../../sources/syntax-tree.ts'
import { constantOf } from './constants.ts'
import type { Iteration } from './environment.ts'

/** A piece of an expression: text, or a name that the environment gives a value to. */
export type Piece = string | { readonly leaf: Node }

/** A reading of one name: other pieces, or the reason why the expression cannot be read at all. */
export type Replacement = readonly Piece[] | { readonly stale: string } | undefined

const refused: Readonly<Record<string, string>> = {
  FunctionExpression: 'holds a function',
  ArrowFunctionExpression: 'holds a function',
  ClassExpression: 'holds a class',
  AssignmentExpression: 'assigns',
  UpdateExpression: 'assigns',
  AwaitExpression: 'awaits',
  YieldExpression: 'yields',
  NewExpression: 'makes a new object',
  ImportExpression: 'imports',
  TaggedTemplateExpression: 'calls a template',
  Super: 'uses super',
  SpreadElement: 'spreads its arguments',
}

/**
 * Cuts an expression into text and names. `replace` is asked for each name, `this`, and private member: undefined
 * leaves it as text. With `views`, typed arrays may be made: whoever asks has to see that they are over old memory.
 */
export function render(
  syntax: Syntax,
  expression: Node,
  replace: (leaf: Node) => Replacement,
  views = false,
): readonly Piece[] | { readonly stale: string } {
  const pieces: Piece[] = []
  let at = expression.start
  let stale: string | undefined
  const done = new Set<Node>()
  const isRefused = (node: Node) => node.type in refused && !(views && isView(syntax, node))
  const nodes = walk(expression, node => !done.has(node) && !isRefused(node))
  for (const node of nodes) {
    if (isRefused(node)) return { stale: `the expression ${refused[node.type]}` }
    if (node.start < at && node !== expression) continue
    if (!isLeaf(syntax, node)) continue
    const replacement = replace(node)
    if (replacement === undefined) continue
    if ('stale' in replacement) {
      stale = replacement.stale
      break
    }
    const parent = syntax.parentOf(node)
    if (parent?.type === 'Property' && parent.shorthand) return { stale: 'the expression builds an object' }
    pieces.push(syntax.text.slice(at, node.start), '(', ...replacement, ')')
    at = node.end
    done.add(node)
  }
  if (stale !== undefined) return { stale }
  pieces.push(syntax.text.slice(at, expression.end))
  return pieces.filter(piece => piece !== '')
}

/** `new Int32Array(…)`. */
export function isView(syntax: Syntax, node: Node): boolean {
  if (node.type !== 'NewExpression' || node.callee.type !== 'Identifier') return false
  const { name } = node.callee
  return /^(Big)?(Ui|I)nt(8|16|32|64)Array$/.test(name) && !declarationOf(syntax, name, node)
}

function isLeaf(syntax: Syntax, node: Node): boolean {
  if (node.type === 'ThisExpression') return true
  if (node.type === 'MemberExpression') return node.property.type === 'PrivateIdentifier'
  if (node.type !== 'Identifier') return false
  const parent = syntax.parentOf(node)
  if (parent?.type === 'MemberExpression') return parent.object === node || parent.computed
  if (parent?.type === 'Property') return parent.value === node || parent.computed
  return true
}

/** A variable that optimised code has dropped reads as undefined, and tells nothing: then this throws. */
const elementBefore =
  '(list, at, now) => now === undefined ? null.lost : list.indexOf(now) > at ? list[at] : undefined'

/** What the variable of a loop was in one iteration, as an expression over things that still are (rule L1). */
export function iterationPieces(
  syntax: Syntax,
  iteration: Iteration,
  part: (node: Node) => readonly Piece[] | { readonly stale: string },
  current: boolean,
): readonly Piece[] | { readonly stale: string } {
  const { loop, number } = iteration
  const name = syntax.textOf(iteration.variable)
  if (loop.type === 'ForOfStatement') {
    const right = part(loop.right as Node)
    if ('stale' in right) return right
    // `[...list]` reads arrays, sets and the iterators that a map gives; V8 refuses a generator, which it would use up.
    const list: Piece[] = ['[...(', ...right, ')]']
    return current ? [`(${elementBefore})(`, ...list, `, ${number}, `, name, ')'] : [...list, `[${number}]`]
  }
  if (loop.type !== 'ForStatement') return { stale: 'the loop has no counter' }
  const counter = counterOf(syntax, iteration)
  if (!counter) return { stale: 'the loop has no plain counter' }
  const init = part(counter.initialiser)
  if ('stale' in init) return init
  const value: Piece[] = ['((', ...init, `) + ${counter.step * number})`]
  if (current) {
    const sign = counter.step > 0 ? '<' : '>'
    return ['((v, c) => v ', sign, ' c ? v : undefined)(', ...value, ', ', name, ')']
  }
  const bound = part(counter.bound)
  if ('stale' in bound) return bound
  return ['((v, b) => v ', counter.operator, ' b ? v : undefined)(', ...value, ', ', ...bound, ')']
}

/** `const lock = locks.get(name)` in the body of a loop over names: its initialiser tells it for every turn. */
export function madeInTurn(
  syntax: Syntax,
  declaration: Declaration,
  { variable, loop }: Pick<Iteration, 'variable' | 'loop'>,
): Node | undefined {
  const { kind, initialiser, node } = declaration
  if (kind !== 'const' || !initialiser || !(loop.start <= node.start && node.end <= loop.end))
    return undefined
  return mentions(syntax, initialiser, variable) ? initialiser : undefined
}

function mentions(syntax: Syntax, expression: Node, variable: Node): boolean {
  for (const node of walk(expression))
    if (node.type === 'Identifier' && declarationOf(syntax, node.name, node)?.identifier === variable)
      return true
  return false
}

/** The variable of a loop whose iterations can be told apart. */
export function loopVariable(loop: Node): Node | undefined {
  if (loop.type === 'ForOfStatement' && !loop.await && loop.left.type === 'VariableDeclaration') {
    const id = loop.left.declarations[0]?.id
    return id?.type === 'Identifier' ? (id as Node) : undefined
  }
  if (loop.type === 'ForStatement' && loop.init?.type === 'VariableDeclaration') {
    const id = loop.init.declarations[0]?.id
    return id?.type === 'Identifier' ? (id as Node) : undefined
  }
  return undefined
}

interface Counter {
  readonly initialiser: Node
  readonly bound: Node
  readonly operator: string
  readonly step: number
}

/** `for (let i = a; i < b; i++)` and its kin. */
function counterOf(syntax: Syntax, iteration: Iteration): Counter | undefined {
  const loop = iteration.loop
  if (loop.type !== 'ForStatement' || loop.init?.type !== 'VariableDeclaration') return undefined
  const initialiser = loop.init.declarations[0]?.init
  const test = loop.test && unwrapped(loop.test as Node)
  const update = loop.update && unwrapped(loop.update as Node)
  const name = syntax.textOf(iteration.variable)
  if (!initialiser || test?.type !== 'BinaryExpression' || !update) return undefined
  if (!['<', '<=', '>', '>=', '!=='].includes(test.operator) || syntax.textOf(test.left) !== name)
    return undefined
  let step: number | undefined
  if (update.type === 'UpdateExpression') step = update.operator === '++' ? 1 : -1
  else if (update.type === 'AssignmentExpression') {
    const by = constantOf(syntax, update.right as Node)
    step = update.operator === '+=' ? by : update.operator === '-=' && by !== undefined ? -by : undefined
  }
  const declaration = declarationOf(syntax, name, update)
  if (!step || declaration?.identifier !== iteration.variable) return undefined
  return { initialiser: initialiser as Node, bound: test.right as Node, operator: test.operator, step }
}
