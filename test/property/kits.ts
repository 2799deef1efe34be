/** The source of each kind of lock, and how its users call it. */
import type { Discipline, Lock, Manner } from './scenario.ts'

export interface Kit {
  readonly name: string
  readonly byFunctions: boolean
  readonly methods: Methods
  readonly text: readonly string[]
  /** An expression that makes one; for locks that are functions over a word, the word's place. */
  make(lock: Lock): string
  take(ref: string): string
  give(ref: string): string
  attempt(ref: string): string
}

export interface Methods {
  readonly take: string
  readonly give: string
  readonly attempt: string
}

/** Each lock has two words of its own. */
export function placeOf(lock: Lock): number {
  return lock.number * 2
}

const names: Record<Discipline, string> = {
  mutex: 'Mutex',
  futex: 'Futex',
  owner: 'OwnedLock',
  reentrant: 'ReentrantLock',
  ticket: 'TicketLock',
  semaphore: 'Semaphore',
}

const methodsOf: Record<Discipline, Methods> = {
  mutex: { take: 'lock', give: 'unlock', attempt: 'tryLock' },
  futex: { take: 'lock', give: 'unlock', attempt: 'tryLock' },
  owner: { take: 'acquire', give: 'release', attempt: 'tryAcquire' },
  reentrant: { take: 'enter', give: 'leave', attempt: 'tryEnter' },
  ticket: { take: 'enter', give: 'leave', attempt: 'tryEnter' },
  semaphore: { take: 'acquire', give: 'release', attempt: 'tryAcquire' },
}

const prefixes: Record<Manner, string> = {
  functions: '',
  'private field': '',
  'public field': 'Plain',
  'array and index': 'Indexed',
  closures: '',
}

interface Bodies {
  readonly take: readonly string[]
  readonly give: readonly string[]
  readonly attempt?: string
}

/** The bodies of a lock's functions, over the words `array[first]` and `array[second]`. */
function bodiesOf(discipline: Discipline, array: string, first: string, second: string): Bodies {
  const word = `${array}, ${first}`
  const free = [`Atomics.store(${word}, 0)`, `Atomics.notify(${word}, 1)`]
  switch (discipline) {
    case 'mutex':
      return {
        take: [`while (Atomics.compareExchange(${word}, 0, 1) !== 0) Atomics.wait(${word}, 1)`],
        give: free,
        attempt: `Atomics.compareExchange(${word}, 0, 1) === 0`,
      }
    case 'futex':
      return {
        take: [
          `let seen = Atomics.compareExchange(${word}, 0, 1)`,
          `if (seen === 0) return`,
          `if (seen !== 2) seen = Atomics.exchange(${word}, 2)`,
          `while (seen !== 0) {`,
          `  Atomics.wait(${word}, 2)`,
          `  seen = Atomics.exchange(${word}, 2)`,
          `}`,
        ],
        give: [`if (Atomics.exchange(${word}, 0) === 2) Atomics.notify(${word}, 1)`],
        attempt: `Atomics.compareExchange(${word}, 0, 1) === 0`,
      }
    case 'owner':
      return {
        take: [
          `const me = threadId + 1`,
          `for (let owner; (owner = Atomics.compareExchange(${word}, 0, me)) !== 0; ) Atomics.wait(${word}, owner)`,
        ],
        give: free,
        attempt: `Atomics.compareExchange(${word}, 0, threadId + 1) === 0`,
      }
    case 'reentrant':
      return {
        take: [
          `const me = threadId + 1`,
          `if (Atomics.load(${word}) === me) {`,
          `  this.depth++`,
          `  return`,
          `}`,
          `for (let owner; (owner = Atomics.compareExchange(${word}, 0, me)) !== 0; ) Atomics.wait(${word}, owner)`,
          `this.depth = 1`,
        ],
        give: [`if (--this.depth > 0) return`, ...free],
      }
    case 'ticket': {
      const called = `${array}, ${second}`
      return {
        take: [
          `const mine = Atomics.add(${word}, 1)`,
          `for (let now; (now = Atomics.load(${called})) !== mine; ) Atomics.wait(${called}, now)`,
        ],
        give: [`Atomics.add(${called}, 1)`, `Atomics.notify(${called})`],
      }
    }
    case 'semaphore':
      return {
        take: [
          `for (;;) {`,
          `  const left = Atomics.load(${word})`,
          `  if (left > 0 && Atomics.compareExchange(${word}, left, left - 1) === left) return`,
          `  Atomics.wait(${word}, 0)`,
          `}`,
        ],
        give: [`Atomics.add(${word}, 1)`, `Atomics.notify(${word}, 1)`],
      }
  }
}

export function kitFor({ discipline, manner }: Lock): Kit {
  const name = `${prefixes[manner]}${names[discipline]}`
  const methods = methodsOf[discipline]
  if (manner === 'functions') return functionKit(name, discipline, methods)
  const object = {
    byFunctions: false,
    methods,
    take: (ref: string) => `${ref}.${methods.take}()`,
    give: (ref: string) => `${ref}.${methods.give}()`,
    attempt: (ref: string) => `${ref}.${methods.attempt}()`,
  }
  if (manner === 'closures')
    return {
      ...object,
      name: `${name}Maker`,
      text: closureText(name, discipline, methods),
      make: lock => `create${name}(cells, ${placeOf(lock)})`,
    }
  return {
    ...object,
    name,
    text: classText(name, discipline, manner, methods),
    make: lock => `new ${name}(cells, ${placeOf(lock)})`,
  }
}

function functionKit(name: string, discipline: Discipline, methods: Methods): Kit {
  const { take, give, attempt } = bodiesOf(discipline, 'cells', 'at', 'at + 1')
  const named = (method: string) => `${method}${name}`
  return {
    name: `${name}Function`,
    byFunctions: true,
    methods,
    text: [
      ...block(`function ${named(methods.take)}(cells, at)`, take),
      ...block(`function ${named(methods.give)}(cells, at)`, give),
      ...(attempt ? block(`function ${named(methods.attempt)}(cells, at)`, [`return ${attempt}`]) : []),
    ],
    make: lock => String(placeOf(lock)),
    take: ref => `${named(methods.take)}(${ref})`,
    give: ref => `${named(methods.give)}(${ref})`,
    attempt: ref => `${named(methods.attempt)}(${ref})`,
  }
}

function classText(name: string, discipline: Discipline, manner: Manner, methods: Methods): string[] {
  const [fields, array, first, second, set] =
    manner === 'private field'
      ? [['#cell'], 'this.#cell', '0', '1', ['this.#cell = new Int32Array(cells.buffer, at * 4, 2)']]
      : manner === 'public field'
        ? [[], 'this.cell', '0', '1', ['this.cell = cells.subarray(at, at + 2)']]
        : [
            ['#cells', '#at'],
            'this.#cells',
            'this.#at',
            'this.#at + 1',
            ['this.#cells = cells', 'this.#at = at'],
          ]
  const { take, give, attempt } = bodiesOf(discipline, array, first, second)
  return block(`class ${name}`, [
    ...fields,
    ...(discipline === 'reentrant' ? ['depth = 0'] : []),
    ...block('constructor(cells, at)', set),
    ...block(`${methods.take}()`, take),
    ...block(`${methods.give}()`, give),
    ...(attempt ? block(`${methods.attempt}()`, [`return ${attempt}`]) : []),
  ])
}

function closureText(name: string, discipline: Discipline, methods: Methods): string[] {
  const { take, give, attempt } = bodiesOf(discipline, 'cells', 'at', 'at + 1')
  const method = (called: string, body: readonly string[]) => {
    const lines = block(`${called}()`, body)
    return [...lines.slice(0, -1), '},']
  }
  return block(`function create${name}(cells, at)`, [
    'return {',
    ...indented([
      ...method(methods.take, take),
      ...method(methods.give, give),
      ...(attempt ? method(methods.attempt, [`return ${attempt}`]) : []),
    ]),
    '}',
  ])
}

export function block(head: string, body: readonly string[]): string[] {
  return [`${head} {`, ...indented(body), '}']
}

export function indented(lines: readonly string[]): string[] {
  return lines.map(line => `  ${line}`)
}
