import type { Syntax } from '../../sources/syntax.ts'
import type { SyntaxStore } from '../../sources/syntax-store.ts'
import { type CallNode, isFunction, type Node, unwrapped } from '../../sources/syntax-tree.ts'
import { methodText } from './frame-environment.ts'
import { LockFreeTexts } from './lock-free-text.ts'
import { stepsOf } from './steps.ts'

/** A function, or a program, of a text. */
export interface Place {
  readonly syntax: Syntax
  readonly owner: Node
}

/** A function in the source, found by what the process says of a function object. */
export interface Origin {
  readonly syntax: Syntax
  /** The function that runs when it is called or constructed. */
  readonly owner: Node
  /** True when several places of the program have this very text. */
  readonly ambiguous: boolean
}

/**
 * All functions of the parsed scripts, by their text. A function object's own text is part of every answer that names
 * it, so nobody has to ask the process where it was written (rule N).
 */
export class FunctionCatalogue {
  readonly #byText = new Map<string, { syntax: Syntax; owner: Node }[]>()
  readonly #store: SyntaxStore
  /** Names under which functions are known that write words of locks, or call such functions. */
  readonly #reaching = new Set<string>()
  readonly #declared = new Set<string>()
  readonly #taking = new Set<string>()
  readonly #giving = new Set<string>()
  readonly #lockFree: LockFreeTexts

  constructor(store: SyntaxStore, scripts: readonly Syntax[]) {
    this.#store = store
    const calls: { syntax: Syntax; names: readonly string[]; called: Set<string> }[] = []
    for (const syntax of scripts)
      for (const owner of syntax.functions) {
        this.#add(methodText(syntax, owner), { syntax, owner })
        const names = namesOf(syntax, owner)
        for (const name of names) this.#declared.add(name)
        const { steps } = stepsOf(syntax, owner)
        for (const name of names) {
          if (steps.some(step => step.kind === 'acquire' || step.kind === 'try')) this.#taking.add(name)
          if (steps.some(step => step.kind === 'change')) this.#giving.add(name)
        }
        const called = new Set<string>()
        for (const step of steps) if (step.kind === 'call') called.add(calledName(syntax, step.call) ?? '')
        calls.push({ syntax, names, called })
        const holder = classOf(syntax, owner)
        if (holder && isConstructor(syntax, owner)) this.#add(syntax.textOf(holder), { syntax, owner })
      }
    for (const { syntax, names, called } of calls) {
      // What it calls, and was not parsed, may do either: nothing is said of it by its name.
      const isUnknown = (name: string) => name !== '' && !this.#declared.has(name) && !builtins.has(name)
      if (!syntax.partial || !store.usesAtomics(syntax.text) || ![...called].some(isUnknown)) continue
      for (const set of [this.#taking, this.#giving]) for (const name of names) set.add(name)
    }
    for (const set of [this.#taking, this.#giving]) {
      for (let grown = true; grown; ) {
        grown = false
        for (const { names, called } of calls) {
          if (names.every(name => set.has(name)) || ![...called].some(name => set.has(name))) continue
          for (const name of names) set.add(name)
          grown = true
        }
      }
      for (const name of set) this.#reaching.add(name)
    }
    const oneSided = [...this.#reaching].filter(name => this.#taking.has(name) !== this.#giving.has(name))
    this.#lockFree = new LockFreeTexts(store, oneSided)
  }

  /** The function that a source text belongs to; undefined for builtins and what cannot be parsed. */
  find(source: string): Origin | undefined {
    const places = this.#byText.get(source)
    if (places) return { ...places[0]!, ambiguous: places.length > 1 }
    if (source.endsWith('{ [native code] }')) return undefined
    const alone = this.#store.ofSource(source)
    if ('unknown' in alone) return undefined
    const owner = source.startsWith('class')
      ? alone.functions.find(one => isConstructor(alone, one))
      : alone.functions[0]
    return owner && { syntax: alone, owner, ambiguous: false }
  }

  /** Whether a call can have to do with locks: by its name, or because nothing is known about that name. */
  mayMatter(syntax: Syntax, call: CallNode): boolean {
    // Of a long script only some functions are known.
    if (this.#reaching.size === 0 && !syntax.partial) return false
    const callee = unwrapped(call.callee as Node)
    if (callee.type === 'Super' || callee.type === 'ImportExpression' || isFunction(callee)) return false
    const name = calledName(syntax, call)
    if (name === undefined) return true
    if (this.#reaching.has(name)) return true
    const callback = (call.arguments as Node[]).map(unwrapped).find(isFunction)
    if (callback && this.touches(syntax, callback)) return true
    return !this.#declared.has(name) && !builtins.has(name) && !this.#lockFree.has(syntax, call, name)
  }

  /** What a call of this name would do, as far as all functions of that name agree: for callees that cannot be read. */
  likely(name: string): 'acquire' | 'change' | undefined {
    const takes = this.#taking.has(name)
    const gives = this.#giving.has(name)
    return takes === gives ? undefined : takes ? 'acquire' : 'change'
  }

  /** All functions that go by a name. */
  named(name: string): readonly Origin[] {
    return this.functions
      .filter(({ syntax, owner }) => namesOf(syntax, owner).includes(name))
      .map(place => ({ ...place, ambiguous: false }))
  }

  /** Whether a function leaves to others what it does to locks. */
  callsOn({ syntax, owner }: Origin): boolean {
    return stepsOf(syntax, owner).steps.some(
      step => step.kind === 'call' && this.mayMatter(syntax, step.call),
    )
  }

  /** Whether a function written in place has to do with locks, by itself or through what it calls. */
  touches(syntax: Syntax, owner: Node): boolean {
    return stepsOf(syntax, owner).steps.some(
      step => step.kind !== 'call' || this.#reaching.has(calledName(syntax, step.call) ?? ''),
    )
  }

  /** What such a function does as a whole. */
  likelyOf(syntax: Syntax, owner: Node): 'acquire' | 'change' | undefined {
    let takes = false
    let gives = false
    for (const step of stepsOf(syntax, owner).steps) {
      const name = step.kind === 'call' ? (calledName(syntax, step.call) ?? '') : undefined
      takes ||=
        step.kind === 'acquire' || step.kind === 'try' || (name !== undefined && this.#taking.has(name))
      gives ||= step.kind === 'change' || (name !== undefined && this.#giving.has(name))
    }
    return takes === gives ? undefined : takes ? 'acquire' : 'change'
  }

  /** The functions of the scripts that were read. */
  get functions(): readonly { readonly syntax: Syntax; readonly owner: Node }[] {
    return [...this.#byText.values()].flat()
  }

  #add(text: string, place: { syntax: Syntax; owner: Node }) {
    const list = this.#byText.get(text)
    if (list) list.push(place)
    else this.#byText.set(text, [place])
  }
}

/** The last name of what is called: `lock` of `this.mutex.lock()`. */
export function calledName(syntax: Syntax, call: CallNode): string | undefined {
  let callee = unwrapped(call.callee as Node)
  if (callee.type === 'SequenceExpression')
    callee = unwrapped(callee.expressions[callee.expressions.length - 1] as Node)
  if (callee.type === 'Identifier') return callee.name
  if (callee.type !== 'MemberExpression') return undefined
  if (callee.property.type === 'Literal') return String(callee.property.value)
  if (callee.computed) return undefined
  const name = syntax.textOf(callee.property)
  if (name !== 'call' && name !== 'apply') return name
  const inner = unwrapped(callee.object as Node)
  if (inner.type === 'Identifier') return inner.name
  return inner.type === 'MemberExpression' && !inner.computed ? syntax.textOf(inner.property) : name
}

/** The class whose body a function stands in as a member. */
export function classOf(syntax: Syntax, owner: Node): Node | undefined {
  for (const node of syntax.ancestors(owner)) {
    if (node.type === 'ClassBody') return syntax.parentOf(node)
    if (node !== owner && isFunction(node) && node.type !== 'ArrowFunctionExpression') return undefined
  }
  return undefined
}

function isConstructor(syntax: Syntax, owner: Node): boolean {
  const parent = syntax.parentOf(owner)
  return parent?.type === 'MethodDefinition' && parent.kind === 'constructor'
}

/** All names that a function goes by in the text around it. */
export function namesOf(syntax: Syntax, owner: Node): string[] {
  const names: string[] = []
  if ((owner.type === 'FunctionDeclaration' || owner.type === 'FunctionExpression') && owner.id)
    names.push(owner.id.name)
  if (syntax.partial && owner === syntax.root) return nameBefore(syntax.text, syntax.start)
  const parent = syntax.parentOf(owner)
  if (parent?.type === 'MethodDefinition') {
    if (parent.kind === 'constructor') {
      const holder = classOf(syntax, owner)
      if (holder && 'id' in holder && holder.id) names.push((holder.id as { name: string }).name)
    } else names.push(syntax.textOf(parent.key))
  } else if (parent?.type === 'Property' || parent?.type === 'PropertyDefinition')
    names.push(syntax.textOf(parent.key))
  else if (parent?.type === 'VariableDeclarator') names.push(syntax.textOf(parent.id))
  else if (parent?.type === 'AssignmentExpression') {
    const left = parent.left as Node
    names.push(left.type === 'MemberExpression' ? syntax.textOf(left.property) : syntax.textOf(left))
  }
  return names
}

/** The name that stands before a function of which no more was parsed: before its parameters, or what it is assigned to. */
function nameBefore(text: string, start: number): string[] {
  const before = text.slice(Math.max(0, start - 120), start)
  const assigned = /([\w$#]+)\s*[=:]\s*(?:async\s*)?(?:function\s*\*?\s*)?$/.exec(before)?.[1]
  const named = /([\w$#]+)\s*$/.exec(before)?.[1]
  const name = assigned ?? (named === 'function' || named === 'async' ? undefined : named)
  return name === undefined ? [] : [name]
}

/** Names of the language's own functions: calls of these take no lock of the program. */
const builtins = new Set<string>(
  [
    Array.prototype,
    Map.prototype,
    Set.prototype,
    WeakMap.prototype,
    WeakSet.prototype,
    Promise.prototype,
    String.prototype,
    Number.prototype,
    RegExp.prototype,
    Date.prototype,
    Function.prototype,
    Object.prototype,
    Object.getPrototypeOf(Int32Array.prototype),
    SharedArrayBuffer.prototype,
    DataView.prototype,
    Object,
    Array,
    Promise,
    Math,
    JSON,
    Reflect,
    Number,
    String,
    Date,
    Symbol,
    BigInt,
    console,
    process,
    EventTarget.prototype,
    AbortController.prototype,
    MessagePort.prototype,
    Atomics,
    globalThis,
  ]
    .flatMap(object => Object.getOwnPropertyNames(object))
    .concat(
      [
        'require',
        'on',
        'once',
        'off',
        'emit',
        'addListener',
        'removeListener',
        'postMessage',
        'terminate',
        'exit',
      ],
      [
        'log',
        'error',
        'write',
        'end',
        'writeSync',
        'readFileSync',
        'writeFileSync',
        'join',
        'resolve',
        'Worker',
      ],
    ),
)
