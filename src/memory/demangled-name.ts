/**
 * The qualified name in a mangled C++ name (Itanium C++ ABI, section 5.1): `node::SyncProcessRunner::Spawn`. Parameters and the
 * arguments of templates are left out, as a reader of stacks leaves them out. What is not understood stays as it is.
 */
export function demangled(symbol: string): string {
  // Clones that compilers make: `.cold`, `.constprop.0`, `.isra.0`, `.part.0`; versions: `@@GLIBC_2.2.5`.
  const plain = symbol.replace(/(\.(cold|constprop|isra|part|lto_priv|llvm)(\.\d+)*)+$|@.*$/g, '')
  if (!plain.startsWith('_Z')) return plain
  const reader = new Reader(plain, 2)
  const parts = reader.encoding()
  return parts === undefined || parts.length === 0 ? plain : parts.join('::')
}

const operators: Readonly<Record<string, string>> = {
  nw: ' new',
  na: ' new[]',
  dl: ' delete',
  da: ' delete[]',
  pl: '+',
  mi: '-',
  ml: '*',
  dv: '/',
  rm: '%',
  eq: '==',
  ne: '!=',
  lt: '<',
  gt: '>',
  le: '<=',
  ge: '>=',
  nt: '!',
  aa: '&&',
  oo: '||',
  aS: '=',
  pL: '+=',
  mI: '-=',
  pp: '++',
  mm: '--',
  cl: '()',
  ix: '[]',
  pt: '->',
  ls: '<<',
  rs: '>>',
  an: '&',
  or: '|',
  eo: '^',
  co: '~',
}

const standard: Readonly<Record<string, string>> = {
  St: 'std',
  Sa: 'std::allocator',
  Sb: 'std::basic_string',
  Ss: 'std::string',
  Si: 'std::istream',
  So: 'std::ostream',
  Sd: 'std::iostream',
}

/** Nesting that no compiler makes. */
const DEEPEST = 64

class Reader {
  readonly #text: string
  #at: number
  #depth = 0

  constructor(text: string, at: number) {
    this.#text = text
    this.#at = at
  }

  /** A name, as far as it can be told; undefined for anything unknown. */
  encoding(): string[] | undefined {
    if (++this.#depth > DEEPEST) return undefined
    // Thunks and guards: what is meant is the function behind them.
    if (this.#take('Th') || this.#take('Tv')) {
      this.#skipWhile(/[n\d_]/)
      return this.encoding()
    }
    if (this.#take('N')) return this.#nested(true)
    if (this.#take('Z')) return this.#local()
    const part = this.#standard() ?? this.#unqualified()
    if (part === undefined) return undefined
    const rest = part === 'std' ? this.#unqualified() : undefined
    return rest === undefined ? [part] : [part, rest]
  }

  /** `partly`: what comes before arguments that are not understood is the name. */
  #nested(partly = false): string[] | undefined {
    this.#skipWhile(/[rVKRO]/)
    const parts: string[] = []
    while (!this.#take('E')) {
      if (this.#peek() === 'I') {
        if (!this.#skipArguments()) return partly && parts.length > 0 ? parts : undefined
        continue
      }
      if (this.#take('B')) {
        if (this.#sourceName() === undefined) return undefined // an ABI tag
        continue
      }
      const part =
        this.#standard() ?? this.#reference() ?? this.#structor(parts.at(-1)) ?? this.#unqualified()
      if (part === undefined) return undefined
      parts.push(part)
    }
    return parts
  }

  /** Something inside of a function: a lambda, mostly. */
  #local(): string[] | undefined {
    const around = this.encoding()
    if (around === undefined) return undefined
    // The function's parameters are skipped up to the end of its encoding, at which the inner name begins.
    const inner = /E(N?UlvE\d*_|N?UlP|N?Ul|N?Ut)/.exec(this.#text.slice(this.#at))
    return inner === null ? around : [...around, inner[1]!.includes('Ut') ? '(unnamed)' : '(lambda)']
  }

  #standard(): string | undefined {
    const two = this.#text.slice(this.#at, this.#at + 2)
    const known = standard[two]
    if (known !== undefined) this.#at += 2
    return known
  }

  /** `S_`, `S1_`, `T_`: something that the symbol has named before. Only types are named so, which are skipped. */
  #reference(): string | undefined {
    const length = /^[ST][\dA-Z]*_/.exec(this.#text.slice(this.#at, this.#at + 8))?.[0].length
    if (length === undefined) return undefined
    this.#at += length
    return '…'
  }

  #structor(owner: string | undefined): string | undefined {
    if (owner === undefined) return undefined
    const kind = /^(C[1-5]|D[0-5])/.exec(this.#text.slice(this.#at, this.#at + 2))?.[1]
    if (kind === undefined) return undefined
    this.#at += 2
    return kind.startsWith('D') ? `~${owner}` : owner
  }

  #unqualified(): string | undefined {
    this.#take('L') // of internal linkage
    if (/\d/.test(this.#peek())) return this.#sourceName()
    if (this.#text.startsWith('Ul', this.#at)) {
      const end = this.#text.indexOf('E', this.#at)
      if (end === -1) return undefined
      this.#at = end + 1
      this.#skipWhile(/[\d_]/)
      return '(lambda)'
    }
    const two = this.#text.slice(this.#at, this.#at + 2)
    const operator = operators[two]
    if (operator === undefined) return undefined
    this.#at += 2
    return `operator${operator}`
  }

  #sourceName(): string | undefined {
    const digits = /^\d+/.exec(this.#text.slice(this.#at, this.#at + 6))?.[0]
    if (digits === undefined) return undefined
    const from = this.#at + digits.length
    const name = this.#text.slice(from, from + Number(digits))
    if (name.length !== Number(digits)) return undefined
    this.#at = from + name.length
    return name.startsWith('_GLOBAL__N') ? '(anonymous namespace)' : name
  }

  /** The arguments of a template: only their end is looked for. */
  #skipArguments(): boolean {
    if (++this.#depth > DEEPEST) return false
    this.#at += 1
    while (this.#at < this.#text.length) {
      const next = this.#peek()
      if (this.#take('E')) {
        this.#depth -= 1
        return true
      }
      if (next === 'I' || next === 'J') {
        if (!this.#skipArguments()) return false
      } else if (next === 'N') {
        this.#at += 1
        if (this.#nested() === undefined) return false
      } else if (next === 'X' || next === 'Z')
        return false // an expression, a local name: rare
      else if (next === 'L') {
        // A literal: its type, its value, E.
        const end = this.#text.indexOf('E', this.#at)
        if (end === -1 || this.#text.startsWith('L_Z', this.#at)) return false
        this.#at = /^LN/.test(this.#text.slice(this.#at)) ? this.#endOfNamedLiteral() : end + 1
        if (this.#at === 0) return false
      } else if (next === 'F') {
        // The type of a function: its parts up to E, like arguments.
        if (!this.#skipArguments()) return false
      } else if (/\d/.test(next)) {
        if (this.#sourceName() === undefined) return false
      } else if (next === 'S') {
        this.#at += 1
        if (/[a-z]/.test(this.#peek())) this.#at += 1
        else {
          this.#skipWhile(/[\dA-Z]/)
          this.#take('_')
        }
      } else if (next === 'T') {
        this.#at += 1
        this.#skipWhile(/\d/)
        this.#take('_')
      } else this.#at += 1 // a builtin type or a qualifier
    }
    return false
  }

  /** `LN…E<value>E`: a value of an enumeration. */
  #endOfNamedLiteral(): number {
    this.#at += 2
    if (this.#nested() === undefined) return 0
    const end = this.#text.indexOf('E', this.#at)
    return end === -1 ? 0 : end + 1
  }

  #peek(): string {
    return this.#text[this.#at] ?? ''
  }

  #take(text: string): boolean {
    if (!this.#text.startsWith(text, this.#at)) return false
    this.#at += text.length
    return true
  }

  #skipWhile(pattern: RegExp): void {
    while (this.#at < this.#text.length && pattern.test(this.#peek())) this.#at += 1
  }
}
