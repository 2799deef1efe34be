import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { diagnose } from '../../../src/diagnosis/diagnose.ts'
import { renderHtml } from '../../../src/report/html/html.tsx'
import type { Snapshot } from '../../../src/snapshot/model.ts'
import * as scenes from '../scenes.ts'
import { crowd } from './crowd.ts'

const page = (snapshot: Snapshot) => renderHtml(snapshot, diagnose(snapshot))

const { queue, abba, asked, busy, two } = scenes
test.each(Object.entries({ queue, abba, asked, busy, two }))('%s', async (name, scene) => {
  await expect(await page(scene())).toMatchFileSnapshot(`../golden/${name}.golden.html`)
})

/** All tags with the names of their attributes, and the values of those that can lead or load somewhere. */
function skeleton(html: string): readonly string[] {
  const tags = html.replace(/<(style|script)>.*?<\/\1>/gs, '<$1>').match(/<(?:[^>"]|"[^"]*")*>/g) ?? []
  return tags.map(tag => {
    const [name] = /^<\/?[\w!-]+/.exec(tag) ?? [tag]
    const attributes = [...tag.matchAll(/\s([\w:-]+)="([^"]*)"/g)].map(([, attribute, value]) =>
      /^(href|xlink:href|src|class|id|http-equiv|content)$/.test(attribute!)
        ? `${attribute}=${value}`
        : attribute,
    )
    return [name, ...attributes].join(' ')
  })
}

const strange = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "' onmouseover='alert(1)",
  'javascript:alert(1)',
  '</title></style><svg onload=alert(1)>',
  '&lt;b&gt;\\N\\G',
  ']]>-->\u0000\u001b[31m\u202e',
]

/** The scene with every text that a program can choose made longer by `tail`. */
function named(snapshot: Snapshot, tail: string): Snapshot {
  const own = new Set([
    'function',
    'class',
    'file',
    'label',
    'name',
    'text',
    'call',
    'sourceLine',
    'cwd',
    'what',
  ])
  const change = (value: unknown, key: string): unknown => {
    if (typeof value === 'string') return own.has(key) ? value + tail : value
    if (Array.isArray(value)) return value.map(one => change(one, key === 'argv' ? 'text' : ''))
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, change(member, name)]))
  }
  return {
    ...(change(snapshot, '') as Snapshot),
    tool: snapshot.tool,
    processes: snapshot.processes.map(one => {
      const process = change(one, '') as Snapshot['processes'][number]
      return { ...process, runtime: one.runtime }
    }),
  }
}

test.each(strange)('nothing that a program calls its things becomes a tag: %s', async tail => {
  for (const scene of [scenes.queue, scenes.abba, scenes.busy, scenes.blocked, scenes.outside]) {
    const benign = await page(named(scene(), 'x'))
    const hostile = await page(named(scene(), tail))
    expect(hostile).not.toBe(benign)
    expect(skeleton(hostile)).toEqual(skeleton(benign))
  }
})

test('only our own style and script may run, and nothing is loaded', async () => {
  const html = await page(scenes.abba())
  const [, policy] = /Content-Security-Policy" content="([^"]*)"/.exec(html)!
  const allowed = policy!.replaceAll('&#39;', "'")
  expect(allowed).toMatch(/^default-src 'none'; /)
  expect(allowed).not.toMatch(/unsafe|\*|http/)
  for (const tag of ['style', 'script']) {
    const texts = [...html.matchAll(new RegExp(`<${tag}>(.*?)</${tag}>`, 'gs'))].map(([, text]) => text!)
    expect(texts).toHaveLength(1)
    const hash = createHash('sha256').update(texts[0]!).digest('base64')
    expect(allowed).toContain(`${tag}-src 'sha256-${hash}'`)
  }
  // Attributes that carry style or code would be blocked, and are not there.
  expect(html).not.toMatch(/<[^>]*\s(style|on\w+)=/)
  expect(html.replace(/xmlns(:xlink)?="[^"]*"/g, '')).not.toMatch(/(href|src)="(?!#)/)
})

test('every link leads to an element, and ids are there once', async () => {
  for (const scene of Object.values(scenes)) {
    const html = await page(scene())
    const ids = [...html.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id!)
    expect(new Set(ids).size).toBe(ids.length)
    for (const [, target] of html.matchAll(/href="#([^"]*)"/g)) expect(ids).toContain(target)
  }
})

test('the blamed come first and open, those behind them folded, each stack once', async () => {
  const html = await page(scenes.queue())
  const groups = html.split('<details class="group"').slice(1)
  expect(groups).toHaveLength(2)
  expect(groups[0]).toMatch(/^ open>.*Main thread/s)
  expect(groups[1]).toMatch(/^>.*Worker 1 &quot;drain&quot;.*waits behind the others/s)
  const philosophers = await page(scenes.philosophers())
  expect(philosophers).toContain('5 threads with one stack: ')
  expect(philosophers.match(/Philosopher\.dine<\/code>/g)).toHaveLength(1)
})

test('2 000 threads with 50 frames each, all different: below 5 MB', async () => {
  const snapshot = crowd(2000, 50)
  const html = await page(snapshot)
  expect(html.length).toBeLessThan(5_000_000)
  expect(html.match(/<details class="group"/g)).toHaveLength(2001)
  expect(html).toContain('45 frames more, in the JSON report')
})
