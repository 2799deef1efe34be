import type { Syntax } from './syntax.ts'
import { isFunction, isLoop, type Node, walk } from './syntax-tree.ts'

/** One binding of a name. */
export interface Declaration {
  readonly name: string
  readonly kind: 'parameter' | 'var' | 'let' | 'const' | 'using' | 'function' | 'class' | 'catch' | 'import'
  /** The identifier that declares it. */
  readonly identifier: Node
  /** The declarator, function, class or import specifier around that identifier. */
  readonly node: Node
  /** Where the name is visible: a block, loop, function, class or the program. */
  readonly scope: Node
  /** What it is first set to: of a plain `x = value`, or of an `await`less default parameter. */
  readonly initialiser?: Node
  /** For a destructured name, the way from the initialiser to it: `.wait`, `[0]`. */
  readonly path?: string
}

const tables = new WeakMap<Node, Map<string, Declaration>>()
const writeTables = new WeakMap<Syntax, Map<string, Node[]>>()

/** The declaration that a name stands for at a node; undefined for globals. */
export function declarationOf(syntax: Syntax, name: string, at: Node): Declaration | undefined {
  let child: Node | undefined
  for (const node of syntax.ancestors(at)) {
    // The head of a function's parent is outside of the function; a class's name is visible inside it.
    if (isScope(node)) {
      const found = declarationsIn(node).get(name)
      if (found && !(isFunction(node) && child === undefined && node.type === 'FunctionDeclaration'))
        return found
    }
    child = node
  }
  return undefined
}

/** Where an identifier is assigned to, its initialiser not counted. */
export function writesTo(syntax: Syntax, declaration: Declaration): readonly Node[] {
  return (writesIn(syntax).get(declaration.name) ?? []).filter(
    write => declarationOf(syntax, declaration.name, write)?.identifier === declaration.identifier,
  )
}

/** True when the name has one value for as long as its scope lives. */
export function isConstant(syntax: Syntax, declaration: Declaration): boolean {
  if (declaration.kind === 'const' || declaration.kind === 'import' || declaration.kind === 'using')
    return true
  const writes = writesTo(syntax, declaration)
  if (writes.length === 0) return true
  const empty =
    (declaration.kind === 'let' || declaration.kind === 'var') &&
    !declaration.initialiser &&
    declaration.path === undefined &&
    !isLoopHead(syntax, declaration)
  return empty && writes.length === 1 && runsOnce(syntax, writes[0]!, declaration)
}

/** `let x; x = value`: the one assignment stands in the function that declares it, and in no loop. */
function runsOnce(syntax: Syntax, write: Node, declaration: Declaration): boolean {
  for (const node of syntax.ancestors(write)) {
    if (node === declaration.scope) return true
    if (isFunction(node) || isLoop(node)) return false
  }
  return false
}

function isLoopHead(syntax: Syntax, declaration: Declaration): boolean {
  const list = syntax.parentOf(declaration.node)
  const loop = list && syntax.parentOf(list)
  return (loop?.type === 'ForOfStatement' || loop?.type === 'ForInStatement') && loop.left === list
}

function isScope(node: Node): boolean {
  return (
    isFunction(node) ||
    node.type === 'Program' ||
    node.type === 'BlockStatement' ||
    node.type === 'StaticBlock' ||
    node.type === 'SwitchStatement' ||
    node.type === 'CatchClause' ||
    node.type === 'ForStatement' ||
    node.type === 'ForInStatement' ||
    node.type === 'ForOfStatement' ||
    node.type === 'ClassDeclaration' ||
    node.type === 'ClassExpression'
  )
}

/** The names that a scope itself declares. */
export function declarationsIn(scope: Node): Map<string, Declaration> {
  const known = tables.get(scope)
  if (known) return known
  const table = new Map<string, Declaration>()
  const add = (declaration: Declaration) => {
    if (!table.has(declaration.name) || declaration.kind !== 'var') table.set(declaration.name, declaration)
  }
  if (isFunction(scope)) {
    scope.params.forEach((parameter, index) => {
      addPattern(parameter as Node, 'parameter', scope, scope, add, undefined, undefined, index)
    })
    if (scope.type === 'FunctionExpression' && scope.id)
      add({ name: scope.id.name, kind: 'function', identifier: scope.id as Node, node: scope, scope })
    hoisted(scope.body as Node, scope, add)
  } else if (scope.type === 'Program') {
    hoisted(scope, scope, add)
    lexical(scope.body as Node[], scope, add)
  } else if (scope.type === 'BlockStatement' || scope.type === 'StaticBlock') {
    if (scope.type === 'StaticBlock') hoisted(scope, scope, add)
    lexical(scope.body as Node[], scope, add)
  } else if (scope.type === 'SwitchStatement') {
    for (const one of scope.cases) lexical(one.consequent as Node[], scope, add)
  } else if (scope.type === 'CatchClause') {
    if (scope.param) addPattern(scope.param as Node, 'catch', scope, scope, add)
  } else if (scope.type === 'ForStatement') {
    if (scope.init) lexical([scope.init as Node], scope, add)
  } else if (scope.type === 'ForInStatement' || scope.type === 'ForOfStatement') {
    lexical([scope.left as Node], scope, add)
  } else if ((scope.type === 'ClassDeclaration' || scope.type === 'ClassExpression') && scope.id) {
    add({ name: scope.id.name, kind: 'class', identifier: scope.id as Node, node: scope, scope })
  }
  tables.set(scope, table)
  return table
}

type Add = (declaration: Declaration) => void

function lexical(statements: readonly Node[], scope: Node, add: Add) {
  for (let statement of statements) {
    if (statement.type === 'ExportNamedDeclaration' || statement.type === 'ExportDefaultDeclaration') {
      if (!statement.declaration) continue
      statement = statement.declaration as Node
    }
    if (statement.type === 'VariableDeclaration' && statement.kind !== 'var') {
      const kind = statement.kind === 'await using' ? 'using' : statement.kind
      for (const one of statement.declarations)
        addPattern(one.id as Node, kind, one as Node, scope, add, (one.init ?? undefined) as Node | undefined)
    } else if (statement.type === 'FunctionDeclaration' && statement.id) {
      add({
        name: statement.id.name,
        kind: 'function',
        identifier: statement.id as Node,
        node: statement,
        scope,
      })
    } else if (statement.type === 'ClassDeclaration' && statement.id) {
      add({
        name: statement.id.name,
        kind: 'class',
        identifier: statement.id as Node,
        node: statement,
        scope,
      })
    } else if (statement.type === 'ImportDeclaration') {
      for (const one of statement.specifiers) {
        const node = one as Node
        add({ name: one.local.name, kind: 'import', identifier: one.local as Node, node, scope })
      }
    }
  }
}

/** `var`s anywhere in the function's own code. */
function hoisted(body: Node, scope: Node, add: Add) {
  for (const node of walk(body, inner => !isFunction(inner) && inner.type !== 'StaticBlock')) {
    if (node.type !== 'VariableDeclaration' || node.kind !== 'var') continue
    for (const one of node.declarations)
      addPattern(one.id as Node, 'var', one as Node, scope, add, (one.init ?? undefined) as Node | undefined)
  }
}

function addPattern(
  pattern: Node,
  kind: Declaration['kind'],
  node: Node,
  scope: Node,
  add: Add,
  initialiser?: Node,
  path?: string,
  parameter?: number,
) {
  const at = parameter === undefined ? path : `${parameter}${path ?? ''}`
  if (pattern.type === 'Identifier') {
    add({
      name: pattern.name,
      kind,
      identifier: pattern,
      node,
      scope,
      ...(initialiser && { initialiser }),
      ...(at !== undefined && { path: at }),
    })
  } else if (pattern.type === 'AssignmentPattern') {
    addPattern(
      pattern.left as Node,
      kind,
      node,
      scope,
      add,
      parameter !== undefined && path === undefined ? (pattern.right as Node) : initialiser,
      path,
      parameter,
    )
  } else if (pattern.type === 'RestElement') {
    addPattern(pattern.argument as Node, kind, node, scope, add, undefined, `${path ?? ''}…`, parameter)
  } else if (pattern.type === 'ArrayPattern') {
    pattern.elements.forEach((element, index) => {
      if (element)
        addPattern(element as Node, kind, node, scope, add, initialiser, `${path ?? ''}[${index}]`, parameter)
    })
  } else if (pattern.type === 'ObjectPattern') {
    for (const property of pattern.properties) {
      if (property.type === 'RestElement') {
        addPattern(property.argument as Node, kind, node, scope, add, undefined, `${path ?? ''}…`, parameter)
        continue
      }
      const key = property.key
      const step =
        key.type === 'Identifier' && !property.computed
          ? `.${key.name}`
          : key.type === 'Literal'
            ? `[${JSON.stringify(key.value)}]`
            : '…'
      addPattern(
        property.value as Node,
        kind,
        node,
        scope,
        add,
        initialiser,
        `${path ?? ''}${step}`,
        parameter,
      )
    }
  }
}

/** All assignments to names in a text: name → the assigning nodes. */
function writesIn(syntax: Syntax): Map<string, Node[]> {
  const known = writeTables.get(syntax)
  if (known) return known
  const table = new Map<string, Node[]>()
  const add = (pattern: Node, node: Node) => {
    for (const name of namesOf(pattern)) {
      const list = table.get(name)
      if (list) list.push(node)
      else table.set(name, [node])
    }
  }
  for (const node of walk(syntax.root)) {
    if (node.type === 'AssignmentExpression') add(node.left as Node, node)
    else if (node.type === 'UpdateExpression') add(node.argument as Node, node)
    else if (
      (node.type === 'ForOfStatement' || node.type === 'ForInStatement') &&
      node.left.type !== 'VariableDeclaration'
    )
      add(node.left as Node, node.left as Node)
  }
  writeTables.set(syntax, table)
  return table
}

/** The plain names that a pattern assigns to. */
function namesOf(pattern: Node): string[] {
  if (pattern.type === 'Identifier') return [pattern.name]
  if (pattern.type === 'AssignmentPattern') return namesOf(pattern.left as Node)
  if (pattern.type === 'RestElement') return namesOf(pattern.argument as Node)
  if (pattern.type === 'ArrayPattern')
    return pattern.elements.flatMap(element => (element ? namesOf(element as Node) : []))
  if (pattern.type === 'ObjectPattern')
    return pattern.properties.flatMap(property =>
      namesOf((property.type === 'RestElement' ? property.argument : property.value) as Node),
    )
  return []
}
