import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { diagnose } from '../../src/diagnosis/diagnose.ts'
import { type FormatName, formatList, formats, isFormatName, render } from '../../src/report/formats.ts'
import type { Snapshot } from '../../src/snapshot/model.ts'
import { abba, asked, busy, idle, philosophers, queue } from './scenes.ts'

const suffixes: Partial<Record<FormatName, string>> = {
  github: 'github.txt',
  junit: 'junit.xml',
  markdown: 'md',
  sarif: 'sarif',
  dot: 'dot',
  mermaid: 'mermaid',
  gitlab: 'gitlab.txt',
  speedscope: 'speedscope.txt',
  firefox: 'firefox.txt',
}

for (const [format, suffix] of Object.entries(suffixes)) {
  test.each(Object.entries({ queue, abba, asked, busy, idle }))(`%s as ${suffix}`, async (name, scene) => {
    const snapshot = scene()
    const text = await render(snapshot, diagnose(snapshot), format as FormatName)
    await expect(text).toMatchFileSnapshot(`golden/${name}.golden.${suffix}`)
  })
}

test('the list names every format once', () => {
  const names = formatList().match(/^\S+/gm)
  expect(names).toEqual(Object.keys(formats))
  expect(names?.every(isFormatName)).toBe(true)
  expect(isFormatName('constructor')).toBe(false)
})

/** A deadlock of `count` threads in a ring, with as many others behind it. */
function ring(count: number): Snapshot {
  const base = philosophers()
  const [process] = base.processes
  const [resource] = base.resources
  const [main, worker] = process!.threads
  const ids = Array.from({ length: count * 2 }, (_, at) => at + 1)
  return {
    ...base,
    processes: [
      {
        ...process!,
        threads: [
          main!,
          ...ids.map(id => ({ ...worker!, id: `p4242/t${id}`, threadId: id, tid: 5000 + id })),
        ],
      },
    ],
    resources: ids.slice(0, count).map(id => ({ ...resource!, id: `r${id}`, label: `forks[${id}]` })),
    holds: ids.slice(0, count).map(id => ({ ...base.holds[0]!, party: `p4242/t${id}`, resource: `r${id}` })),
    waits: ids.map(id => ({
      ...base.waits[0]!,
      party: `p4242/t${id}`,
      request: { kind: 'units', resource: `r${(id % count) + 1}`, units: 1 },
    })),
  }
}

test('a picture has an end, and says what it leaves out', async () => {
  const snapshot = ring(80)
  const diagnosis = diagnose(snapshot)
  expect(diagnosis.findings[0]?.parties).toHaveLength(80)
  const dot = await render(snapshot, diagnosis, 'dot')
  expect(dot.match(/shape=box/g)).toHaveLength(100)
  expect(dot).toContain('… and 60 more that wait')
  // The circle is whole: 80 that wait for and 80 that are held by.
  expect(dot.match(/-> .*class="blamed deadlock"/g)).toHaveLength(160)
  expect(await render(snapshot, diagnosis, 'mermaid')).toContain('… and 110 more that wait')
})

test('the same hang has the same mark in GitLab, whatever the pid, and two hangs have two', async () => {
  const marks = async (snapshot: Snapshot): Promise<string[]> =>
    JSON.parse(await render(snapshot, diagnose(snapshot), 'gitlab')).map(
      (entry: { fingerprint: string }) => entry.fingerprint,
    )
  const other = JSON.parse(JSON.stringify(abba()).replaceAll('4242', '777'))
  expect(await marks(other)).toEqual(await marks(abba()))
  expect(await marks(queue())).not.toEqual(await marks(abba()))
})

test('samples of a busy thread: all looks, outermost first, the busy thread in front', async () => {
  const snapshot = busy()
  const file = JSON.parse(await render(snapshot, diagnose(snapshot), 'speedscope'))
  const profile = file.profiles[file.activeProfileIndex]
  expect(profile.name).toBe('the main thread')
  const names = profile.samples.map((sample: number[]) => sample.map(at => file.shared.frames[at].name))
  expect(names).toEqual([
    ['parserOnIncoming', 'emit', 'onRequest', 'parseAll', 'match', 'step'],
    ['parserOnIncoming', 'emit', 'onRequest', 'parseAll', 'match'],
  ])
  expect(profile.weights).toHaveLength(2)
  expect(profile.endValue).toBe(profile.startValue + profile.weights[0] + profile.weights[1])
})

const strange = ']]>\u0000\u001b]0;x\u0007<script>::error::`|*%0A"];\\ -->#quot; \u202e'

function evil(): Snapshot {
  const snapshot = structuredClone(queue())
  for (const resource of snapshot.resources) (resource as { label: string }).label = strange
  for (const thread of snapshot.processes[0]!.threads) {
    ;(thread as { name: string }).name = `"${strange}`
    for (const frame of thread.looks.flatMap(({ frames }) => frames))
      (frame as { function: string }).function += strange
  }
  return snapshot
}

test('what a program calls its things cannot break out of a format', async () => {
  const snapshot = evil()
  const diagnosis = diagnose(snapshot)
  const as = (format: FormatName) => render(snapshot, diagnosis, format)
  for (const format of Object.keys(formats) as FormatName[])
    expect(await as(format), format).not.toMatch(/(?![\n])\p{Cc}/u)
  expect(await render(snapshot, diagnosis, 'text', { color: true })).not.toContain('\u001b]')
  const junit = await as('junit')
  const withoutAttributes = junit.replace(/"[^"]*"/g, '""')
  expect(withoutAttributes.match(/<!\[CDATA\[/g)?.length).toBe(withoutAttributes.match(/\]\]>/g)?.length)
  expect((await as('github')).trim().split('\n')).toHaveLength(diagnosis.findings.length)
  expect((await as('markdown')).split('```')[0]).not.toContain('<script>')
  expect(JSON.parse(await as('sarif')).version).toBe('2.1.0')
  expect(JSON.parse(await as('gitlab'))).toHaveLength(1)
  for (const line of (await as('mermaid')).split('\n').filter(each => each.includes('"')))
    expect(line).toMatch(/^ {2}\w+(\("|\(\["|\[")[\p{L}\p{N} .,:()/#;…-]*("\)|"\]\)|"\])(:::verdict)?$/u)
  const quoted = /"(?:[^"\\]|\\.)*"/g
  for (const line of (await as('dot')).trim().split('\n').slice(1, -1))
    expect(line.replace(quoted, 'q')).toMatch(/^ {2}\w+( -> \w+)? \[\w+=\w+(, \w+=\w+)*\];$/)
})

test('Graphviz itself reads the picture', async context => {
  if (spawnSync('dot', ['-V']).status !== 0) return context.skip()
  const snapshot = evil()
  const input = await render(snapshot, diagnose(snapshot), 'dot')
  expect(spawnSync('dot', ['-Tplain'], { input, encoding: 'utf8' }).stderr).toBe('')
})

test('the columns of a Firefox profile are of one length, and lead to each other', async () => {
  const snapshot = busy()
  const { threads } = JSON.parse(await render(snapshot, diagnose(snapshot), 'firefox'))
  for (const thread of threads) {
    const tables = Object.values(thread).filter(
      (table): table is Record<string, unknown[]> & { length: never } =>
        typeof table === 'object' && table !== null && 'length' in table && !Array.isArray(table),
    )
    for (const { length, ...columns } of tables)
      for (const column of Object.values(columns))
        if (Array.isArray(column)) expect(column).toHaveLength(length)
    const { stackTable, frameTable, funcTable, stringArray, samples } = thread
    // The innermost function of the last look, through all tables.
    const frame = frameTable.func[stackTable.frame[samples.stack.at(-1)]]
    const innermost = snapshot.processes[0]!.threads.find(({ name }) => name === 'main')!.looks.at(-1)!
      .frames[0]!
    if (thread.isMainThread) expect(stringArray[funcTable.name[frame]]).toContain(innermost.function)
  }
})
