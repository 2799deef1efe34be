import { cpSync, mkdirSync, mkdtempSync, rmSync, utimesSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import { diagnose } from '../../src/diagnosis/diagnose.ts'
import { targetNodes } from '../support/node-versions.ts'
import { type Fixture, fixturePath, startFixture, startProgram } from '../support/spawn-fixture.ts'
import { frameRow, type HungProgram, hungProgram } from './hung-program.ts'

const env = { NODE_OPTIONS: '--inspect-port=0' }
const tool = (path: string) => fileURLToPath(new URL(`../../node_modules/${path}`, import.meta.url))
const run = (file: string, node = process.execPath) => startFixture(file, { env, node })
const runPath = (path: string) => startProgram(process.execPath, [path], { env })

/** Where the program of fixtures/run-typescript stands, as somebody wrote it. */
const written = [
  'Mutex.lock mutex.ts:6:72',
  'Ledger.total ledger.ts:26:16',
  'audit main.ts:9:42',
  'Ledger.post ledger.ts:19:18',
  'run main.ts:16:40',
  '(module) main.ts:19:1',
]
const lines = [
  'while (Atomics.compareExchange(this.#cell, 0, 0, 1) !== 0) Atomics.wait(this.#cell, 0, 1)',
  'this.#lock.lock()',
  'const report: Report = { total: ledger.total() }',
  'this.#audit(this)',
  'for (const amount of amounts) ledger.post(amount)',
  'run(5, 7)',
]

/** `written`, with its files in a folder and with the places in the text that V8 runs. */
function compiled(folder: string, generated: readonly string[]): readonly string[] {
  return written.map(
    (row, index) => `${row.replace(' ', ` ${folder}`)}${generated[index] ? ` < ${generated[index]}` : ''}`,
  )
}

/** Bundlers map a call of a private method to its name, V8 has it at the parenthesis. */
function bundled(folder: string, generated: readonly string[]): readonly string[] {
  return compiled(folder, generated).map(row => row.replace('ledger.ts:19:18', 'ledger.ts:19:12'))
}

/** What every way to run the program must give. */
async function expectDeadlock(
  fixture: Fixture,
  rows: readonly string[],
  source: readonly (string | undefined)[] = lines,
): Promise<HungProgram> {
  const hung = await hungProgram(fixture.pid)
  const own = hung.frames.filter(({ owner }) => owner === 'program')
  expect(own.map(frameRow)).toEqual(rows)
  expect(own.slice(0, source.length).map(({ sourceLine }) => sourceLine)).toEqual(source)
  // The program's frames come first; under them are only those that started it.
  expect(hung.frames.slice(0, Math.min(5, own.length))).toEqual(own.slice(0, 5))
  expect(own.every(({ sourceChanged }) => sourceChanged === undefined)).toBe(true)
  expectReentrancy(hung)
  return hung
}

/** Proved, so that there is no doubt to be told. */
function expectReentrancy({ snapshot }: HungProgram): void {
  const { findings } = diagnose(snapshot)
  const told = findings.map(({ kind, status, doubts }) => ({ kind, status, doubts }))
  expect(told).toEqual([{ kind: 'reentrancy', status: 'deadlock', doubts: [] }])
}

describe('JavaScript as it was written', () => {
  const frames = (folder: string, end: string) => [
    `Mutex.lock ${folder}/mutex.${end}:6:72`,
    `Ledger.total ${folder}/ledger.${end}:24:16`,
    `audit ${folder}/main.${end}:5:26`,
    `Ledger.post ${folder}/ledger.${end}:17:18`,
    `run ${folder}/main.${end}:11:40`,
    `(module) ${folder}/main.${end}:14:1`,
  ]

  test.each(targetNodes())('ECMAScript modules (Node $major)', async ({ path }) => {
    await expectDeadlock(await run('run-esm/main.mjs', path), frames('run-esm', 'mjs'), [
      lines[0],
      lines[1],
      'return { total: ledger.total() }',
    ])
  })

  test.each(targetNodes())('CommonJS (Node $major)', async ({ path }) => {
    await expectDeadlock(await run('run-commonjs/main.cjs', path), frames('run-commonjs', 'cjs'), [
      lines[0],
      lines[1],
    ])
  })
})

describe('TypeScript that was compiled before', () => {
  const es2022 = (folder: string) =>
    [
      'mutex.js:6:21',
      'ledger.js:21:20',
      'main.js:4:36',
      'ledger.js:14:24',
      'main.js:11:16',
      'main.js:13:1',
    ].map(place => `run-tsc/${folder}/${place}`)
  const es2015 = [
    'mutex.js:14:21',
    'ledger.js:33:57',
    'main.js:4:36',
    'ledger.js:26:62',
    'main.js:11:16',
    'main.js:13:1',
  ].map(place => `run-tsc/old-target/${place}`)

  test.each(['external-map', 'inline-map', 'source-root'])('by tsc: %s', async folder => {
    await expectDeadlock(await run(`run-tsc/${folder}/main.js`), compiled('run-typescript/', es2022(folder)))
  })

  test('by tsc: its sources are only in the map', async () => {
    await expectDeadlock(
      await run('run-tsc/built-elsewhere/main.js'),
      compiled('/build/agent/src/', es2022('built-elsewhere')),
    )
  })

  test('by tsc: its sources are nowhere', async () => {
    await expectDeadlock(
      await run('run-tsc/no-sources/main.js'),
      compiled('/build/agent/src/', es2022('no-sources')),
      Array(6).fill(undefined),
    )
  })

  test('by tsc, private fields as weak maps', async () => {
    await expectDeadlock(await run('run-tsc/old-target/main.js'), compiled('run-typescript/', es2015))
  })
})

describe('TypeScript that is compiled as it runs', () => {
  const strippers = targetNodes().filter(({ major }) => major >= 22)

  test.each(strippers)('node main.ts (Node $major)', async ({ path }) => {
    await expectDeadlock(await run('run-typescript/main.ts', path), compiled('run-typescript/', []))
  })

  // 26 has no such flag any more.
  test.each(strippers.filter(({ major }) => major < 26))(
    '--experimental-transform-types (Node $major)',
    async ({ path }) => {
      const fixture = await startFixture('run-transform-types/main.ts', {
        env,
        node: path,
        execArgv: ['--experimental-transform-types'],
      })
      const file = 'run-transform-types/main.ts'
      await expectDeadlock(
        fixture,
        [
          `Mutex.lock ${file}:12:15 < ${file}:14:21`,
          `Ledger.total ${file}:38:15 < ${file}:38:19`,
          `(anonymous) ${file}:48:29 < ${file}:47:29`,
          `Ledger.post ${file}:30:12 < ${file}:31:18`,
          `(module) ${file}:48:38 < ${file}:47:38`,
        ],
        [
          'Atomics.wait(this.cell, 0, State.taken)',
          'this.lock.lock()',
          'new Ledger(ledger => ledger.total()).post(5)',
          'this.audit(this)',
        ],
      )
    },
  )

  test('tsx', async () => {
    const fixture = await startProgram(
      process.execPath,
      [tool('tsx/dist/cli.mjs'), fixturePath('run-typescript/main.ts')],
      { env },
    )
    const hung = await hungProgram(fixture.pid)
    // Where in its one generated line a call stands is esbuild's affair.
    const rows = hung.frames
      .filter(({ owner }) => owner === 'program')
      .map(frame => frameRow(frame).replace(/:1:\d+$/, ':1'))
    const generated = ['mutex', 'ledger', 'main', 'ledger', 'main', 'main'].map(
      name => `run-typescript/${name}.ts:1`,
    )
    expect(rows).toEqual(bundled('run-typescript/', generated))
    expectReentrancy(hung)
  })

  test('ts-node', async () => {
    const fixture = await startProgram(process.execPath, [tool('ts-node/dist/bin.js'), 'main.ts'], {
      env,
      cwd: fixturePath('run-ts-node'),
    })
    const generated = [
      'mutex.ts:9:21',
      'ledger.ts:24:20',
      'main.ts:6:36',
      'ledger.ts:17:24',
      'main.ts:13:16',
      'main.ts:15:1',
    ]
    await expectDeadlock(
      fixture,
      compiled(
        'run-ts-node/',
        generated.map(place => `run-ts-node/${place}`),
      ),
    )
  })
})

describe('test runners', () => {
  const source = [
    lines[0],
    lines[1],
    'const ledger: Ledger = new Ledger((audited: Ledger) => void seen.totals.push(audited.total()))',
    lines[3],
    'ledger.post(5)',
  ]

  test.each(['forks', 'threads', 'vmForks', 'vmThreads'])('vitest, pool %s', async pool => {
    const fixture = await startProgram(process.execPath, [tool('vitest/vitest.mjs'), 'run', '--pool', pool], {
      env,
      cwd: fixturePath('run-vitest'),
    })
    await expectDeadlock(
      fixture,
      [
        'Mutex.lock run-typescript/mutex.ts:6:72 < run-typescript/mutex.ts:6:70',
        'Ledger.total run-typescript/ledger.ts:26:16 < run-typescript/ledger.ts:22:14',
        '(anonymous) run-vitest/ledger.test.ts:11:88 < run-vitest/ledger.test.ts:9:93',
        'Ledger.post run-typescript/ledger.ts:19:12 < run-typescript/ledger.ts:16:15',
        '(anonymous) run-vitest/ledger.test.ts:14:10 < run-vitest/ledger.test.ts:12:9',
      ],
      source,
    )
  })

  test('jest with babel', async () => {
    const fixture = await startProgram(process.execPath, [tool('jest/bin/jest.js')], {
      env,
      cwd: fixturePath('run-jest'),
    })
    const { frames } = await expectDeadlock(
      fixture,
      [
        'Mutex.lock run-jest/mutex.ts:6:72 < run-jest/mutex.ts:11:72',
        'Ledger.total run-jest/ledger.ts:26:16',
        '(anonymous) run-jest/ledger.test.ts:10:88 < run-jest/ledger.test.ts:9:78',
        'Ledger.post run-jest/ledger.ts:19:18 < run-jest/ledger.ts:20:18',
        '(anonymous) run-jest/ledger.test.ts:13:10 < run-jest/ledger.test.ts:12:10',
      ],
      source,
    )
    expect(frames.at(5)).toMatchObject({ owner: 'dependency' })
  })
})

describe('bundles', () => {
  const minified = (folder: string) =>
    ['121', '359', '453', '310', '533', '541'].map(column => `run-esbuild/${folder}/main.js:1:${column}`)

  test.each(['with-map', 'inline-map'])('esbuild, minified: %s', async folder => {
    await expectDeadlock(
      await run(`run-esbuild/${folder}/main.js`),
      bundled('run-typescript/', minified(folder)),
    )
  })

  test('esbuild, minified, without a map', async () => {
    const file = 'run-esbuild/without-map/main.js'
    const { frames } = await expectDeadlock(
      await run(file),
      [
        `e.lock ${file}:1:121`,
        `o.total ${file}:1:359`,
        `n ${file}:1:453`,
        `o.post ${file}:1:310`,
        `s ${file}:1:533`,
        `(module) ${file}:1:541`,
      ],
      [],
    )
    expect(frames[0]?.sourceLine).toContain('Atomics.wait(this.#t,0,1)')
    expect(frames[0]?.sourceLine?.length).toBeLessThan(130)
  })

  test('esbuild, without a map', async () => {
    const file = 'run-esbuild/readable/main.js'
    await expectDeadlock(
      await run(file),
      [
        `Mutex.lock ${file}:5:72`,
        `Ledger.total ${file}:31:16`,
        `audit ${file}:42:34`,
        `Ledger.post ${file}:25:18`,
        `run ${file}:48:40`,
        `(module) ${file}:50:1`,
      ],
      [`${lines[0]};`, `${lines[1]};`],
    )
  })

  test('webpack, minified, with a map', async () => {
    const file = 'run-webpack/source-map/main.js'
    const generated = ['136', '369', '464', '320', '547', '555'].map(column => `${file}:1:${column}`)
    await expectDeadlock(await run(file), [...bundled('', generated), `(module) ${file}:1:562`])
  })

  test('webpack, a map without columns', async () => {
    const file = 'run-webpack/cheap-module-source-map/main.js'
    const generated = ['64:21', '36:20', '140:36', '29:24', '147:16', '149:1'].map(
      place => `${file}:${place}`,
    )
    const rows = compiled('', generated).map(row => row.replace(/:\d+ </, ':1 <'))
    await expectDeadlock(await run(file), [...rows, `(anonymous) ${file}:151:3`, `(module) ${file}:153:12`])
  })

  const runtime = (file: string) => [
    `./main.ts ${file}:29:1`,
    `__webpack_require__ ${file}:69:41`,
    `(anonymous) ${file}:101:37`,
    `(module) ${file}:103:12`,
  ]

  test('webpack, each module an eval with a map', async () => {
    const file = 'run-webpack/eval-source-map/main.js'
    const generated = [
      'mutex.ts:10:21',
      'ledger.ts:26:20',
      'main.ts:6:36',
      'ledger.ts:19:24',
      'main.ts:13:16',
      'main.ts:15:1',
    ].map(place => `webpack-internal:///./${place}`)
    await expectDeadlock(await run(file), [...compiled('', generated), ...runtime(file)])
  })

  test('webpack, each module an eval', async () => {
    const file = 'run-webpack/eval/main.js'
    await expectDeadlock(
      await run(file),
      [
        'Mutex.lock webpack:///./mutex.ts?:10:21',
        'Ledger.total webpack:///./ledger.ts?:26:20',
        'audit webpack:///./main.ts?:6:36',
        'Ledger.post webpack:///./ledger.ts?:19:24',
        'run webpack:///./main.ts?:13:16',
        '(module) webpack:///./main.ts?:15:1',
        ...runtime(file),
      ],
      ['Atomics.wait(this.#cell, 0, 1);', 'this.#lock.lock();'],
    )
  })
})

describe('text without a file of its own', () => {
  const source = [
    lines[0],
    lines[1],
    'new Ledger((_, ledger) => ledger.total()).post(amount)',
    'this.#audit(amount, this)',
  ]
  const frames = (file: string, first: number, start = '(module)') =>
    [
      ['Mutex.lock', 5, 72],
      ['Ledger.total', 32, 16],
      ['(anonymous)', 42, 36],
      ['Ledger.post', 25, 18],
      ['run', 42, 45],
      [start, 45, 23],
    ].map(([name, line, column]) => `${name} ${file}:${Number(line) + first}:${column}`)

  test('new Function', async () => {
    const starter = '(module) run-from-text/new-function.js:3:42'
    await expectDeadlock(
      await run('run-from-text/new-function.js'),
      [...frames('?', 2, '(anonymous)'), starter],
      source,
    )
  })

  test.each(targetNodes())('eval (Node $major)', async ({ path }) => {
    await expectDeadlock(
      await run('run-from-text/direct-eval.js', path),
      [...frames('?', 0), '(module) run-from-text/direct-eval.js:3:1'],
      source,
    )
  })

  test('eval of a text with a sourceURL', async () => {
    const starter = '(module) run-from-text/named-eval.js:4:1'
    await expectDeadlock(
      await run('run-from-text/named-eval.js'),
      [...frames('app://ledger/program.js', 0), starter],
      source,
    )
  })

  test.each(targetNodes())('vm, a script that was cut out of a page (Node $major)', async ({ path }) => {
    const starter = '(module) run-from-text/vm-offset.js:5:1'
    await expectDeadlock(
      await run('run-from-text/vm-offset.js', path),
      [...frames('/srv/pages/index.html', 100), starter],
      source,
    )
  })

  test.each(targetNodes())('vm, a mapped text in a wrapper (Node $major)', async ({ path }) => {
    const generated = ['121', '359', '453', '310', '533', '541'].map(
      column => `run-esbuild/inline-map/main.js:1:${column}`,
    )
    await expectDeadlock(await run('run-from-text/vm-wrapped.js', path), [
      ...bundled('run-typescript/', generated),
      '(module) run-from-text/vm-wrapped.js:11:3',
    ])
  })

  test('a worker', async () => {
    await expectDeadlock(await run('run-from-text/worker-eval.js'), frames('[worker eval]', 1), source)
  })

  test('a module from a data: URL', async () => {
    await expectDeadlock(
      await run('run-from-text/data-url.js'),
      frames('data:text/javascript,class%20Mutex%20%7B%0A%20%20%23cell%20%…', 0),
      source,
    )
  })
})

describe('files', () => {
  /** A copy of the compiled program and its sources, in folders with the characters that URLs and paths disagree about. */
  function oddFolder(): { readonly program: string; readonly source: string } {
    const root = mkdtempSync(join(tmpdir(), 'impasse-'))
    onTestFinished(() => rmSync(root, { recursive: true }))
    const folder = join(root, 'a b #1 ü%20 100% ?x')
    mkdirSync(folder)
    for (const name of ['run-typescript', 'run-tsc/external-map'])
      cpSync(fixturePath(name), join(folder, name), { recursive: true, preserveTimestamps: true })
    cpSync(fixturePath('../package.json'), join(folder, 'package.json'))
    return { program: join(folder, 'run-tsc/external-map/main.js'), source: join(folder, 'run-typescript') }
  }

  test('whose path has spaces, #, ?, % and letters of all alphabets', async () => {
    const { program, source } = oddFolder()
    const { frames } = await hungProgram((await runPath(program)).pid)
    expect(frames[0]).toMatchObject({
      class: 'Mutex',
      file: join(source, 'mutex.ts'),
      line: 6,
      sourceLine: lines[0],
    })
  })

  test('whose source changed after the process started', async () => {
    const { program, source } = oddFolder()
    const fixture = await runPath(program)
    const later = new Date(Date.now() + 60_000)
    utimesSync(join(source, 'ledger.ts'), later, later)
    const { frames } = await hungProgram(fixture.pid)
    expect(frames.slice(0, 3).map(({ sourceChanged }) => sourceChanged)).toEqual([undefined, true, undefined])
  })

  test('that were built anew after the process started', async () => {
    const { program } = oddFolder()
    const fixture = await runPath(program)
    const later = new Date(Date.now() + 60_000)
    utimesSync(program, later, later)
    const { frames } = await hungProgram(fixture.pid)
    expect(frames.slice(0, 3).map(({ sourceChanged }) => sourceChanged)).toEqual([undefined, undefined, true])
  })
})
