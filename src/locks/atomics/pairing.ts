import { declarationOf, isConstant } from '../../sources/scopes.ts'
import type { Syntax } from '../../sources/syntax.ts'
import { type CallNode, isFunction, type Node, unwrapped, walk } from '../../sources/syntax-tree.ts'
import { isCallback, runsInPlace } from './callback.ts'
import { canonicalText } from './constants.ts'
import { calledName, classOf, namesOf, type Place } from './function-catalogue.ts'
import { type CallStep, completionOrder, contains, type Step, stepsOf } from './steps.ts'

/** `begin` and `end` around a lock may be wrapped so often. */
const depthLimit = 3

/**
 * Rule S2: whether the releases of a lock are paired with its acquisitions, function by function. A function that does
 * no more than acquire, or no more than release, is followed to those that call it: `begin(lock)`, `new Guard(lock)`,
 * `return () => lock.release()`.
 */
export class Pairing {
  readonly #functions: readonly Place[]
  readonly #acquirers = new Set<string>()
  readonly #releasers = new Set<string>()
  /** The functions behind the names, for calls whose receiver's class is plain to see. */
  readonly #releasing = new Set<Node>()
  /** Functions whose releases count where they are called. */
  readonly #wrappers = new Set<Node>()
  #takers: ReadonlySet<string> | undefined

  constructor(functions: readonly Place[], acquirer: Place) {
    this.#functions = functions
    for (const name of namesOf(acquirer.syntax, acquirer.owner)) this.#acquirers.add(name)
  }

  addReleaser({ syntax, owner }: Place): void {
    this.#releasing.add(owner)
    for (const name of namesOf(syntax, owner)) this.#releasers.add(name)
  }

  /** Finds the functions that only wrap an acquisition or a release. */
  follow(): void {
    for (let depth = 0; depth < depthLimit; depth += 1) {
      const before = this.#acquirers.size + this.#wrappers.size
      for (const place of this.#functions) this.#wrapAcquirer(place)
      for (const place of this.#functions) this.#wrapReleaser(place)
      if (this.#acquirers.size + this.#wrappers.size === before) return
    }
  }

  acquisitionsIn({ syntax, owner }: Place): readonly CallStep[] {
    return callsIn(syntax, owner).filter(({ call }) => this.#acquirers.has(calledName(syntax, call) ?? ''))
  }

  releasesIn({ syntax, owner }: Place): readonly CallStep[] {
    return callsIn(syntax, owner).filter(({ call }) => this.#releases(syntax, call))
  }

  /** How many releases nothing in the same function has acquired for. */
  unpairedIn(place: Place): number {
    return this.#wrappers.has(place.owner) ? 0 : this.#unmatchedIn(place).length
  }

  #unmatchedIn(place: Place): readonly CallStep[] {
    const released = this.releasesIn(place)
    const order = completionOrder(place.owner)
    return released.filter(({ call, completes }) => {
      const subject = subjectOf(place.syntax, call)
      return !this.#isTakenBefore(place, order.get(completes)!, order, subject)
    })
  }

  /**
   * Whether what a call gives back is taken before a place in a function, or, where this is run in place by a call of
   * the function around it (`withLock(b, () => a.unlock())`), before that call.
   */
  #isTakenBefore(
    place: Place,
    at: number,
    order: ReadonlyMap<Node, number>,
    subject: string | undefined,
  ): boolean {
    const { syntax, owner } = place
    const isBefore = (one: CallStep) => order.get(one.completes)! < at
    if (this.acquisitionsIn(place).some(isBefore)) return true
    const isOnSame = ({ call }: CallStep) => subjectOf(syntax, call) === subject
    if (subject !== undefined && this.#takingIn(place).some(one => isBefore(one) && isOnSame(one)))
      return true
    if (!runsInPlace(syntax, owner, this.#functions)) return false
    const around = { syntax, owner: syntax.ownerOf(owner) }
    const outer = completionOrder(around.owner)
    return this.#isTakenBefore(around, outer.get(owner)!, outer, subject)
  }

  /** Calls of whatever takes a lock of any kind: `lock.tryLock()` goes with the `lock.unlock()` behind it. */
  #takingIn({ syntax, owner }: Place): readonly CallStep[] {
    this.#takers ??= new Set(
      this.#functions
        .filter(place => stepsOf(place.syntax, place.owner).steps.some(isTaking))
        .flatMap(place => namesOf(place.syntax, place.owner)),
    )
    const takers = this.#takers
    return callsIn(syntax, owner).filter(({ call }) => takers.has(calledName(syntax, call) ?? ''))
  }

  /**
   * Callbacks that give a lock back without having taken it: a timer or an event lets them run, whoever waits.
   */
  strays(): readonly Place[] {
    return this.#functions.filter(place => {
      const { syntax, owner } = place
      if (!isFunction(owner) || !isCallback(syntax, owner, this.#functions)) return false
      if (this.acquisitionsIn(place).length > 0 || this.#isGuard(place)) return false
      return this.#releasing.has(owner) || this.unpairedIn(place) > 0
    })
  }

  #wrapAcquirer(place: Place): void {
    if (!isFunction(place.owner) || this.acquisitionsIn(place).length === 0) return
    if (this.releasesIn(place).length > 0) return
    for (const name of namesOf(place.syntax, place.owner)) this.#acquirers.add(name)
  }

  #wrapReleaser(place: Place): void {
    const { syntax, owner } = place
    if (this.#wrappers.has(owner) || !isFunction(owner)) return
    if (this.acquisitionsIn(place).length > 0 || this.#unmatchedIn(place).length === 0) return
    if (this.#isGuard(place)) this.#wrappers.add(owner)
    else if (namesOf(syntax, owner).some(name => !this.#isOnlyCalled(name))) return
    else if (namesOf(syntax, owner).length > 0) {
      this.#wrappers.add(owner)
      this.addReleaser(place)
    }
  }

  #releases(syntax: Syntax, call: CallNode): boolean {
    if (!this.#releasers.has(calledName(syntax, call) ?? '')) return false
    const type = classOfReceiver(syntax, call)
    return !type || [...this.#releasing].some(owner => contains(type, owner))
  }

  /**
   * A release that belongs to one acquisition: a function that an acquiring function returns, or a method of an object
   * whose constructor acquires. All who make one have to keep it to themselves.
   */
  #isGuard({ syntax, owner }: Place): boolean {
    const makers = makersOf(syntax, owner).filter(name => this.#acquirers.has(name))
    if (makers.length === 0) return false
    return this.#functions.every(place =>
      callsIn(place.syntax, place.owner).every(
        ({ call }) => !makers.includes(calledName(place.syntax, call) ?? '') || isKept(place.syntax, call),
      ),
    )
  }

  /** Called somewhere, and never handed on as a value: to an event, a timer, another function. */
  #isOnlyCalled(name: string): boolean {
    let called = false
    for (const syntax of new Set(this.#functions.map(place => place.syntax)))
      for (const node of walk(syntax.root)) {
        const isName =
          (node.type === 'Identifier' && node.name === name && !declares(syntax, node)) ||
          (node.type === 'MemberExpression' && !node.computed && syntax.textOf(node.property) === name)
        if (!isName) continue
        const parent = syntax.parentOf(node)
        if (parent?.type === 'MemberExpression' && parent.property === node && !parent.computed) continue
        if (parent?.type !== 'CallExpression' || parent.callee !== node) return false
        called = true
      }
    return called
  }
}

function isTaking({ kind }: Step): boolean {
  return kind === 'acquire' || kind === 'try'
}

/** What a call is about, as text: the object of a method, or else all arguments. */
function subjectOf(syntax: Syntax, call: CallNode): string | undefined {
  const callee = unwrapped(call.callee as Node)
  if (callee.type === 'MemberExpression') return canonicalText(syntax, callee.object as Node)
  const about = (call.arguments as Node[]).map(argument => canonicalText(syntax, argument))
  return about.length > 0 ? about.join() : undefined
}

function callsIn(syntax: Syntax, owner: Node): readonly CallStep[] {
  return stepsOf(syntax, owner).steps.filter(step => step.kind === 'call')
}

/** Where an identifier is the name of what it declares, and no use of it. */
function declares(syntax: Syntax, identifier: Node): boolean {
  const parent = syntax.parentOf(identifier)
  if (parent?.type === 'MethodDefinition' || parent?.type === 'PropertyDefinition')
    return parent.key === identifier && !parent.computed
  if (parent?.type === 'Property') return parent.key === identifier && !parent.computed && !parent.shorthand
  return parent !== null && parent !== undefined && 'id' in parent && parent.id === identifier
}

/** The names by which a guard is made: of the function that returns it, or of its class. */
function makersOf(syntax: Syntax, owner: Node): readonly string[] {
  const parent = syntax.parentOf(owner)
  const type = classOf(syntax, owner)
  if (parent?.type === 'MethodDefinition' && type && 'id' in type && type.id)
    return [(type.id as { name: string }).name]
  const maker = parent?.type === 'ReturnStatement' ? syntax.ownerOf(parent) : undefined
  return maker && isFunction(maker) ? namesOf(syntax, maker) : []
}

/** `const guard = hold(lock)`, and nothing is done with it but `guard()` and `guard.release()`. */
function isKept(syntax: Syntax, call: CallNode): boolean {
  const declarator = syntax.parentOf(call)
  if (declarator?.type !== 'VariableDeclarator' || declarator.id.type !== 'Identifier') return false
  const { name } = declarator.id
  const declaration = declarationOf(syntax, name, call)
  if (!declaration || !isConstant(syntax, declaration)) return false
  for (const node of walk(declaration.scope)) {
    if (node.type !== 'Identifier' || node.name !== name || node === declaration.identifier) continue
    const parent = syntax.parentOf(node)
    if (parent?.type === 'MemberExpression' && parent.property === node && !parent.computed) continue
    const used = parent?.type === 'MemberExpression' && parent.object === node ? parent : node
    const use = syntax.parentOf(used)
    if (use?.type !== 'CallExpression' || use.callee !== used) return false
  }
  return true
}

/** The class of what a method is called on, where that is a constant made by `new` of a class without a parent. */
function classOfReceiver(syntax: Syntax, call: CallNode): Node | undefined {
  const callee = unwrapped(call.callee as Node)
  const object = callee.type === 'MemberExpression' ? unwrapped(callee.object as Node) : undefined
  if (object?.type !== 'Identifier') return undefined
  const declaration = declarationOf(syntax, object.name, object)
  const made = declaration?.initialiser && unwrapped(declaration.initialiser)
  if (!declaration || made?.type !== 'NewExpression' || made.callee.type !== 'Identifier') return undefined
  const type = declarationOf(syntax, made.callee.name, made)?.node
  if (type?.type !== 'ClassDeclaration' || type.superClass || !isConstant(syntax, declaration))
    return undefined
  return type
}
