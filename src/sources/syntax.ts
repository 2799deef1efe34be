import { type Comment, type Options, Parser, parse } from 'acorn'
import { LineTable } from './line-table.ts'
import {
  type CallNode,
  childrenOf,
  type FunctionNode,
  isCall,
  isFunction,
  type Node,
  walk,
} from './syntax-tree.ts'

const tolerant: Options = {
  ecmaVersion: 'latest',
  allowHashBang: true,
  allowReturnOutsideFunction: true,
  allowAwaitOutsideFunction: true,
  allowImportExportEverywhere: true,
  allowSuperOutsideMethod: true,
  checkPrivateFields: false,
  allowReserved: true,
}

/** Why a text has no syntax tree. */
export interface SyntaxFailure {
  readonly unknown: string
}

/** The tree of a script, or of one function of it, with the questions that stacks ask of source text. */
export class Syntax {
  readonly text: string
  readonly lines: LineTable
  readonly root: Node
  /** True when only one function of the text was parsed. */
  readonly partial: boolean
  /** Where that begins as V8 has it: at the parameters, but for an arrow function. */
  readonly start: number
  /** In the order of the text. */
  readonly comments: readonly { readonly start: number; readonly end: number }[]
  #parents: Map<Node, Node> | undefined
  #functions: FunctionNode[] | undefined

  constructor(
    text: string,
    root: Node,
    partial: boolean,
    comments: Syntax['comments'],
    lines = new LineTable(text),
    start = root.start,
  ) {
    this.start = start
    this.text = text
    this.comments = comments
    this.root = root
    this.partial = partial
    this.lines = lines
  }

  /** All functions, outer ones before inner ones. */
  get functions(): readonly FunctionNode[] {
    this.#index()
    return this.#functions!
  }

  parentOf(node: Node): Node | undefined {
    this.#index()
    return this.#parents!.get(node)
  }

  textOf(node: { start: number; end: number }): string {
    return this.text.slice(node.start, node.end)
  }

  /** The function (or the program) that a node runs in: for a function itself, the one around it. */
  ownerOf(node: Node): Node {
    let owner = this.parentOf(node)
    while (owner && !isFunction(owner)) owner = this.parentOf(owner)
    return owner ?? this.root
  }

  /** The innermost function around an offset, or the program. */
  functionAt(offset: number): Node {
    const node = this.nodeAt(offset)
    return isFunction(node) ? node : this.ownerOf(node)
  }

  /**
   * The function that V8 says starts at an offset: the `(` of its parameters or an arrow's first character. Reliable
   * also where a call stands in a default value or a computed key.
   */
  functionStartingAt(start: number, around: number): Node {
    let best: Node | undefined
    for (const candidate of this.functions) {
      if (candidate.start > around || candidate.end < around) continue
      if (parametersStart(this.text, candidate) === start || candidate.start === start) best = candidate
    }
    return best ?? (start <= this.root.start + 1 ? this.root : this.functionAt(around))
  }

  nodeAt(offset: number): Node {
    let node = this.root
    for (;;) {
      const inner = childrenOf(node).find(child => child.start <= offset && offset < child.end)
      if (!inner) return node
      node = inner
    }
  }

  /**
   * The call in progress at a position. V8 puts a call at the start of its property name (`a.b()` → `b`), of its
   * callee (`f()`), or of `new`; anything else is inexact, and the innermost call around it is given.
   */
  callAt(offset: number): {
    readonly call: CallNode | undefined
    readonly node: Node
    readonly exact: boolean
  } {
    const node = this.nodeAt(offset)
    let innermost: CallNode | undefined
    for (let at: Node | undefined = node; at && !isFunction(at); at = this.parentOf(at)) {
      if (!isCall(at)) continue
      if (callPosition(at) === offset) return { call: at, node: at, exact: true }
      innermost ??= at
    }
    return { call: innermost, node, exact: false }
  }

  /** The nodes from `node` up to the root, `node` first. */
  *ancestors(node: Node): Generator<Node> {
    for (let at: Node | undefined = node; at; at = this.parentOf(at)) yield at
  }

  #index() {
    if (this.#parents) return
    const parents = new Map<Node, Node>()
    const functions: FunctionNode[] = []
    for (const node of walk(this.root)) {
      if (isFunction(node)) functions.push(node)
      for (const child of childrenOf(node)) parents.set(child, node)
    }
    this.#parents = parents
    this.#functions = functions
  }
}

/** The offset at which V8 reports a call. */
export function callPosition(call: CallNode): number {
  if (call.type === 'NewExpression') return call.start
  const callee = call.callee
  if (callee.type === 'MemberExpression') return callee.property.start
  return callee.start
}

function parametersStart(text: string, node: FunctionNode): number {
  if (node.type === 'ArrowFunctionExpression') return node.start
  const from = node.id ? node.id.end : node.start
  return text.indexOf('(', from)
}

/** Parses a whole script: as a module first, then as a script or CommonJS. */
export function parseScript(text: string): Syntax | SyntaxFailure {
  let failure: unknown
  for (const options of [
    { ...tolerant, sourceType: 'module' },
    { ...tolerant, sourceType: 'script' },
    { ...tolerant, sourceType: 'commonjs', allowAwaitOutsideFunction: undefined },
  ] as Options[]) {
    try {
      const comments: Comment[] = []
      return new Syntax(text, parse(text, { ...options, onComment: comments }), false, comments)
    } catch (error) {
      failure ??= error
    }
  }
  return { unknown: `its source could not be parsed: ${(failure as Error).message}` }
}

/** So much of a long text is read for one function, and more only where its end is not in there. */
const windows = [16_384, 262_144, 4_194_304]

/**
 * Parses the one function that starts at an offset: for texts too big to parse in a whole. A method is written
 * without `function`, so this word is laid over the text before its parameters; all offsets are those of the text.
 */
export function parseFunctionAt(text: string, start: number, lines?: LineTable): Syntax | SyntaxFailure {
  for (const size of windows) {
    const part = text.slice(start, start + size)
    const isRest = start + size >= text.length
    for (const word of ['', 'async function*', 'function']) {
      const found = parseOne(word + part, start - word.length)
      // What ends with the window may have been cut.
      if (found && (isRest || found.node.end < start + size))
        return new Syntax(text, found.node, true, found.comments, lines, start)
    }
    if (isRest) break
  }
  return { unknown: 'its source is too big to parse whole, and the function alone could not be parsed' }
}

/** A function that a text begins with, moved to where the text stands; undefined where it begins with none. */
function parseOne(text: string, offset: number) {
  const comments: Comment[] = []
  try {
    const node = OneExpression.first(text, { ...tolerant, sourceType: 'script', onComment: comments })
    if (!isFunction(node)) return undefined
    const moved = new Set<{ start: number; end: number }>([...walk(node), ...comments])
    for (const one of moved) {
      one.start += offset
      one.end += offset
    }
    return { node, comments }
  } catch {
    // `await` or `yield` as a name, or no function of this kind: the next form is tried.
    return undefined
  }
}

/** Parses one expression and not what stands behind its comma: the next property of an object, for one. */
class OneExpression extends Parser {
  static first(text: string, options: Options): Node {
    const parser = new OneExpression(options, text, 0) as unknown as {
      nextToken(): void
      parseMaybeAssign(): Node
    }
    parser.nextToken()
    return parser.parseMaybeAssign()
  }
}

/** Parses what `Function.prototype.toString` gives: a function, an arrow, a method, a getter or a class. */
export function parseFunctionSource(source: string): Syntax | SyntaxFailure {
  const options: Options = { ...tolerant, sourceType: 'module' }
  for (const [before, after] of [
    ['(', ')'],
    ['({', '})'],
    ['(class{', '})'],
  ] as const) {
    try {
      const text = before + source + after
      const comments: Comment[] = []
      return new Syntax(text, parse(text, { ...options, onComment: comments }), false, comments)
    } catch {
      // The next form.
    }
  }
  return { unknown: 'the source of the function could not be parsed' }
}
