/** Writes a scenario as a program that a person can read. */
import { block, indented, type Kit, kitFor, placeOf } from './kits.ts'
import { type Errand, isChained, type Lock, type Scenario, type Taking, type ThreadPlan } from './scenario.ts'
import { truthOf } from './truth.ts'

export function programText(scenario: Scenario): string {
  return new ProgramText(scenario).text()
}

const ordinals = ['first', 'second', 'third', 'fourth', 'fifth', 'sixth']

class ProgramText {
  readonly #scenario: Scenario
  readonly #kits = new Map<string, Kit>()
  /** Functions that belong to a kit and are used: `withMutex`, `MutexGuard` … */
  readonly #accessories = new Map<string, readonly string[]>()

  constructor(scenario: Scenario) {
    this.#scenario = scenario
    for (const lock of scenario.locks) this.#kits.set(kitFor(lock).name, kitFor(lock))
  }

  text(): string {
    const { threads, locks } = this.#scenario
    const writers = threads.map(plan => new ThreadText(plan, this.#scenario, this.#accessories))
    const jobs = writers.flatMap(writer => ['', ...writer.definition()])
    const starts = writers.map(writer => writer.start())
    const kits = [...this.#kits.values()].flatMap(kit => ['', ...kit.text])
    const accessories = [...this.#accessories.values()].flatMap(lines => ['', ...lines])
    const units = locks.filter(lock => lock.discipline === 'semaphore')
    const workers = threads.slice(1)
    const lines = [
      `// Seed ${this.#scenario.seed}. ${this.#comment()}`,
      `import { writeSync } from 'node:fs'`,
      `import { isMainThread, threadId, Worker, workerData } from 'node:worker_threads'`,
      '',
      `const PARTIES = ${threads.length}`,
      `const cells = workerData?.cells ?? new Int32Array(new SharedArrayBuffer(${locks.length * 8}))`,
      `const counters = workerData?.counters ?? new Int32Array(new SharedArrayBuffer(16))`,
      `const role = workerData?.role ?? 0`,
      ...(units.length > 0
        ? block(
            'if (isMainThread)',
            units.map(lock => `cells[${placeOf(lock)}] = ${lock.units}`),
          )
        : []),
      ...kits,
      ...accessories,
      ...this.#keepings(),
      '',
      ...stage,
      ...jobs,
      '',
      ...(workers.length > 0
        ? block('if (isMainThread)', [
            `for (const name of ${JSON.stringify(workers.map(({ name }) => name)).replaceAll('"', "'")})`,
            `  start(name)`,
            `setInterval(() => {}, 60_000)`,
          ])
        : []),
      ...starts.map((start, at) => `${at === 0 ? '' : 'else '}if (role === ${threads[at]!.id}) ${start}`),
    ]
    return `${lines.join('\n')}\n`
  }

  #comment(): string {
    const { sets, victims } = truthOf(this.#scenario)
    const name = (id: number) => this.#scenario.threads[id]!.name
    if (sets.length === 0) return 'Nobody is deadlocked.'
    const told = sets.map(({ parties, ordered }) => parties.map(name).join(ordered ? ' → ' : ', '))
    const behind = victims.size > 0 ? ` Behind them: ${[...victims.keys()].map(name).join(', ')}.` : ''
    return `Deadlocked: ${told.join('; and ')}.${behind}`
  }

  /** The variables in which locks are kept. */
  #keepings(): string[] {
    const { locks } = this.#scenario
    const made = (lock: Lock) => kitFor(lock).make(lock)
    const constants = locks.filter(lock => lock.keeping === 'constant')
    const inArray = locks.filter(lock => lock.keeping === 'array')
    const inMap = locks.filter(lock => lock.keeping === 'map')
    return [
      '',
      ...constants.map(lock => `const ${constantName(lock)} = ${made(lock)}`),
      ...(inArray.length > 0 ? [`const locks = [${inArray.map(made).join(', ')}]`] : []),
      ...(inMap.length > 0
        ? [`const named = new Map([${inMap.map(lock => `['${lock.name}', ${made(lock)}]`).join(', ')}])`]
        : []),
    ]
  }
}

const stage = [
  ...block('function start(name)', [
    `const role = start.count = (start.count ?? 0) + 1`,
    `new Worker(new URL(import.meta.url), { name, workerData: { cells, counters, role } })`,
  ]),
  '',
  ...block('function meet(phase)', [
    `if (Atomics.add(counters, phase, 1) === PARTIES - 1) Atomics.notify(counters, phase)`,
    `else for (let seen; (seen = Atomics.load(counters, phase)) < PARTIES; ) Atomics.wait(counters, phase, seen)`,
  ]),
  '',
  ...block('function standing()', [
    `if (Atomics.add(counters, 3, 1) === PARTIES - 1) writeSync(1, 'ready\\n')`,
  ]),
  '',
  ...block('function sleep()', [`Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 600_000)`]),
  '',
  ...block('function work(amount)', [
    `let total = 0`,
    `for (let turn = 0; turn < amount; turn++) total = (total * 31 + turn) % 1_000_003`,
    `return total`,
  ]),
  '',
  ...block('function compute()', [`while (work(1_000_000) >= 0) work(1000)`]),
]

function constantName(lock: Lock): string {
  return lock.manner === 'functions' ? lock.name.toUpperCase() : lock.name
}

/** One thread's code. */
class ThreadText {
  readonly #plan: ThreadPlan
  readonly #scenario: Scenario
  readonly #accessories: Map<string, readonly string[]>
  /** The locks that it uses, in order of first use. */
  readonly #locks: readonly Lock[]
  /** Parts of its code in functions or methods of their own, and functions besides. */
  readonly #apart: string[][] = []
  readonly #functions: string[][] = []
  #number = 0

  constructor(plan: ThreadPlan, scenario: Scenario, accessories: Map<string, readonly string[]>) {
    this.#plan = plan
    this.#scenario = scenario
    this.#accessories = accessories
    const takings = [
      ...plan.errands.flatMap(errand => errand.takings),
      ...plan.walked,
      ...plan.holds,
      ...(plan.ending.kind === 'asks' ? [plan.ending.taking] : []),
    ]
    this.#locks = [...new Set([...takings.map(({ lock }) => lock), ...plan.tries])]
  }

  /** The call that runs it. */
  start(): string {
    const given = this.#locks.map(lock => this.#global(lock)).join(', ')
    if (this.#plan.host === 'function') return `${this.#plan.name}()`
    if (this.#plan.host === 'parameters') return `${this.#plan.name}(${given})`
    if (this.#plan.host === 'options') {
      const options = this.#locks.map((lock, at) => `${ordinals[at]!}: ${this.#global(lock)}`)
      return `${this.#plan.name}({ ${options.join(', ')} })`
    }
    return `new ${this.#className}(${given}).run()`
  }

  definition(): string[] {
    const { host, name } = this.#plan
    const body = this.#body()
    if (host === 'method') {
      const fields = this.#locks.map((_, at) => `#${ordinals[at]!}`)
      const own = block(`class ${this.#className}`, [
        ...fields,
        ...block(
          `constructor(${this.#locks.map((_, at) => ordinals[at]!).join(', ')})`,
          fields.map((field, at) => `this.${field} = ${ordinals[at]!}`),
        ),
        ...block('run()', body),
        ...this.#apart.flat(),
      ])
      return [...this.#functions.flatMap(lines => [...lines, '']), ...own]
    }
    const parameters = host === 'function' ? '' : this.#locals().join(', ')
    const own = host === 'function' ? this.#own() : []
    return [
      ...[...this.#functions, ...this.#apart].flatMap(lines => [...lines, '']),
      ...block(`function ${name}(${host === 'options' ? `{ ${parameters} }` : parameters})`, [
        ...own,
        ...body,
      ]),
    ]
  }

  get #className(): string {
    const { name } = this.#plan
    return `${name[0]!.toUpperCase()}${name.slice(1)}`
  }

  /** Locks that the thread makes for itself, over the same words. */
  #own(): string[] {
    return this.#ownLocks().map(lock => `const ${ownName(lock)} = ${kitFor(lock).make(lock)}`)
  }

  #ownLocks(): Lock[] {
    return this.#locks.filter(lock => lock.keeping === 'made by each thread' && lock.manner !== 'functions')
  }

  /** The lock as module-level code names it. */
  #global(lock: Lock): string {
    const place = this.#scenario.locks.filter(({ keeping }) => keeping === lock.keeping).indexOf(lock)
    if (lock.keeping === 'constant') return constantName(lock)
    if (lock.keeping === 'array') return `locks[${place}]`
    if (lock.keeping === 'map') return `named.get('${lock.name}')`
    return kitFor(lock).make(lock)
  }

  /** The lock as the thread's own code names it, with the array before it where functions are given both. */
  #ref(lock: Lock): string {
    const at = this.#locks.indexOf(lock)
    const { host } = this.#plan
    const name =
      host === 'method'
        ? `this.#${ordinals[at]!}`
        : host === 'parameters' || host === 'options'
          ? ordinals[at]!
          : this.#ownLocks().includes(lock)
            ? ownName(lock)
            : this.#global(lock)
    return lock.manner === 'functions' ? `cells, ${name}` : name
  }

  #body(): string[] {
    const { errands, early, walked, holds, again, tries, ending } = this.#plan
    const before = errands.flatMap(errand => this.#errand(errand))
    const attempts = tries.flatMap((lock, at) => this.#attempt(lock, at))
    const end =
      ending.kind === 'asks'
        ? this.#taking(ending.taking, ['work(2)'], false)
        : ending.kind === 'sleeps'
          ? ['sleep()']
          : ending.kind === 'computes'
            ? ['compute()']
            : []
    let inside = [...this.#lastMeeting(), ...attempts, 'standing()', ...end]
    if (early) inside = ['meet(1)', ...inside]
    for (const taking of again.toReversed()) inside = this.#taking(taking, inside)
    const chain = this.#chain([...walked, ...holds])
    if (isChained(this.#plan) && chain) return [...before, 'meet(0)', ...chain.take, ...inside, ...chain.give]
    const all = this.#allTogether(holds, [...this.#unwalked(walked), ...inside])
    if (all) inside = all
    else
      for (const [at, taking] of [...holds.entries()].toReversed())
        inside = this.#taking(taking, inside, taking.apart, at === 0 ? this.#unwalked(walked) : [])
    const first = walked.flatMap((taking, at) => this.#openly(taking, `walked${at}`).take)
    const unwalked = holds.length === 0 ? this.#unwalked(walked) : []
    return [...before, 'meet(0)', ...first, ...unwalked, ...(early ? [] : ['meet(1)']), ...inside]
  }

  #unwalked(walked: readonly Taking[]): string[] {
    return walked.flatMap((taking, at) => this.#openly(taking, `walked${at}`).give)
  }

  #lastMeeting(): string[] {
    if (!this.#scenario.spins) return ['meet(2)']
    return ['Atomics.add(counters, 2, 1)', 'while (Atomics.load(counters, 2) < PARTIES) {}']
  }

  /** The locks' methods, where all are objects with methods of the same names. */
  #methodsOf(takings: readonly Taking[]): Kit['methods'] | undefined {
    const kits = takings.map(({ lock }) => kitFor(lock))
    const [first] = kits
    const alike = kits.every(
      ({ byFunctions, methods }) => !byFunctions && methods.take === first!.methods.take,
    )
    return first && alike ? first.methods : undefined
  }

  /** One loop, or one function that calls itself, that takes all; inside, and what gives all back. */
  #allTogether(holds: readonly Taking[], inside: readonly string[]): string[] | undefined {
    const { together, name } = this.#plan
    const methods = this.#methodsOf(holds)
    if (together === 'no' || holds.length < 2 || !methods) return undefined
    const refs = holds.map(({ lock }) => this.#ref(lock))
    const release = this.#scenario.careless ? [] : [`one.${methods.give}()`]
    if (together === 'loop')
      return [
        `for (const one of [${refs.join(', ')}]) one.${methods.take}()`,
        ...inside,
        ...release.map(give => `for (const one of [${refs.toReversed().join(', ')}]) ${give}`),
      ]
    const descend = `${name}Descends`
    this.#functions.push(
      block(`function ${descend}(list, number, action)`, [
        'if (number === list.length) return action()',
        `list[number].${methods.take}()`,
        `${descend}(list, number + 1, action)`,
        ...(this.#scenario.careless ? [] : [`list[number].${methods.give}()`]),
      ]),
    )
    return [`${descend}([${refs.join(', ')}], 0, () => {`, ...indented(inside), '})']
  }

  /** Hand over hand along a list: the last one stays taken. */
  #chain(takings: readonly Taking[]): { take: string[]; give: string[] } | undefined {
    const methods = this.#methodsOf(takings)
    if (takings.length < 2 || !methods) return undefined
    const held = `held${this.#number++}`
    const [first, ...rest] = takings.map(({ lock }) => this.#ref(lock))
    return {
      take: [
        `let ${held} = ${first}`,
        `${held}.${methods.take}()`,
        ...block(`for (const next of [${rest.join(', ')}])`, [
          `next.${methods.take}()`,
          `${held}.${methods.give}()`,
          `${held} = next`,
        ]),
      ],
      give: [`${held}.${methods.give}()`],
    }
  }

  #errand({ shape, takings, inLoop }: Errand): string[] {
    const [taking] = takings
    const chain = shape === 'hand over hand' && inLoop ? this.#chain(takings) : undefined
    if (chain) return [...chain.take, ...chain.give]
    if (shape === 'hand over hand') {
      const steps = takings.map(one => this.#openly(one, `hand${this.#number++}`))
      return steps.flatMap((step, at) => [
        ...step.take,
        ...(at > 0 ? steps[at - 1]!.give : []),
        ...(at === steps.length - 1 ? step.give : []),
      ])
    }
    const once = this.#taking(taking!, ['work(3)'])
    if (shape === 'loop') return block(`for (let round = 0; round < ${this.#scenario.rounds}; round++)`, once)
    if (shape === 'branch') return [...block('if (work(5) > 0)', once)]
    return once
  }

  #attempt(lock: Lock, at: number): string[] {
    const kit = kitFor(lock)
    if (lock.discipline === 'reentrant' || lock.discipline === 'ticket' || lock.discipline === 'semaphore')
      return []
    const ref = this.#ref(lock)
    return at % 2 === 0
      ? block(`if (${kit.attempt(ref)})`, [kit.give(ref)])
      : [`const had${at} = ${kit.attempt(ref)}`, `if (had${at}) ${kit.give(ref)}`]
  }

  /** A taking in the styles whose two ends are statements of their own. */
  #openly({ lock, style }: Taking, name: string): { take: string[]; give: string[] } {
    const kit = kitFor(lock)
    const ref = this.#ref(lock)
    if (this.#scenario.careless)
      return {
        take: [style === 'helper functions' ? `${this.#accessory(kit, 'begin')}(${ref})` : kit.take(ref)],
        give: [],
      }
    switch (style) {
      case 'helper functions':
        return {
          take: [`${this.#accessory(kit, 'begin')}(${ref})`],
          give: [`${this.#accessory(kit, 'end')}(${ref})`],
        }
      case 'guard object':
        return {
          take: [`const ${name} = new ${this.#accessory(kit, 'Guard')}(${ref})`],
          give: [`${name}.release()`],
        }
      case 'release function':
        return { take: [`const ${name} = ${this.#accessory(kit, 'hold')}(${ref})`], give: [`${name}()`] }
      default:
        return { take: [kit.take(ref)], give: [kit.give(ref)] }
    }
  }

  #taking(
    taking: Taking,
    inside: readonly string[],
    apart = taking.apart,
    first: readonly string[] = [],
  ): string[] {
    const { lock, style } = taking
    const kit = kitFor(lock)
    const body = [...first, ...(apart ? this.#called(inside) : inside)]
    if (style === 'callback' && !this.#scenario.careless)
      return [`${this.#accessory(kit, 'with')}(${this.#ref(lock)}, () => {`, ...indented(body), `})`]
    const { take, give } = this.#openly(taking, `mine${this.#number++}`)
    if (style === 'try finally' && !this.#scenario.careless)
      return [...take, 'try {', ...indented(body), '} finally {', ...indented(give), '}']
    return [...take, ...body, ...give]
  }

  /** Moves lines into a function of their own and calls it. */
  #called(lines: readonly string[]): string[] {
    const { host, name } = this.#plan
    const step = `step${this.#number++}`
    if (host === 'method') {
      this.#apart.push(block(`${step}()`, lines))
      return [`this.${step}()`]
    }
    const locals = this.#locals()
    const called = `${name}${step[0]!.toUpperCase()}${step.slice(1)}`
    this.#apart.push(block(`function ${called}(${locals.join(', ')})`, lines))
    return [`${called}(${locals.join(', ')})`]
  }

  /** What the thread's code has to hand on to a function outside of its own. */
  #locals(): string[] {
    return this.#plan.host === 'function'
      ? this.#ownLocks().map(ownName)
      : this.#locks.map((_, at) => ordinals[at]!)
  }

  /** A function or class around a kit's own; its name. */
  #accessory(kit: Kit, what: 'with' | 'begin' | 'end' | 'Guard' | 'hold'): string {
    const name = what === 'Guard' ? `${kit.name}Guard` : `${what}${kit.name}`
    const parameters = kit.byFunctions ? 'cells, at' : 'lock'
    const take = kit.take(parameters)
    const give = kit.give(parameters)
    const fields = kit.byFunctions ? ['#cells', '#at'] : ['#lock']
    const texts = {
      with: () =>
        block(`function ${name}(${parameters}, action)`, [
          take,
          ...block('try', ['return action()']).slice(0, -1),
          '} finally {',
          `  ${give}`,
          '}',
        ]),
      begin: () => block(`function ${name}(${parameters})`, ['work(1)', take]),
      end: () => block(`function ${name}(${parameters})`, [give]),
      hold: () => block(`function ${name}(${parameters})`, [take, `return () => ${give}`]),
      Guard: () =>
        block(`class ${name}`, [
          ...fields,
          ...block(`constructor(${parameters})`, [
            take,
            ...parameters.split(', ').map(parameter => `this.#${parameter} = ${parameter}`),
          ]),
          ...block('release()', [kit.give(fields.map(field => `this.${field}`).join(', '))]),
        ]),
    }
    if (!this.#accessories.has(name)) this.#accessories.set(name, texts[what]())
    return name
  }
}

function ownName(lock: Lock): string {
  return `own${lock.name[0]!.toUpperCase()}${lock.name.slice(1)}`
}
