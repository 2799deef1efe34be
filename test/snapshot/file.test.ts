import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { afterAll, describe, expect, test } from 'vitest'
import { diagnose } from '../../src/diagnosis/diagnose.ts'
import { ImpasseError } from '../../src/errors.ts'
import { renderErrorJson, renderJson } from '../../src/report/json.ts'
import { renderText } from '../../src/report/text.ts'
import { MOST_BYTES, readSnapshot, writeSnapshot } from '../../src/snapshot/file.ts'
import type { Request, Snapshot } from '../../src/snapshot/model.ts'
import { snapshot as schema } from '../../src/snapshot/schema.ts'
import { upgrade } from '../../src/snapshot/upgrade.ts'
import * as scenes from '../report/scenes.ts'

const folder = mkdtempSync(join(tmpdir(), 'impasse-'))
afterAll(() => rmSync(folder, { recursive: true }))
const path = (name: string) => join(folder, name)

function given(name: string, content: string | Uint8Array): string {
  writeFileSync(path(name), content)
  return path(name)
}

async function refusal(file: string, most?: number): Promise<ImpasseError> {
  const error = await readSnapshot(file, most).then(
    () => new Error(`${file} was read`),
    error => error,
  )
  expect(error).toBeInstanceOf(ImpasseError)
  return error
}

test.each(Object.entries(scenes))('%s comes back as it was, and gives the same text', async (name, scene) => {
  const snapshot = scene()
  await writeSnapshot(path(`${name}.json`), snapshot)
  const back = await readSnapshot(path(`${name}.json`))
  expect(back).toEqual(snapshot)
  expect(renderText(back, diagnose(back))).toBe(renderText(snapshot, diagnose(snapshot)))
})

test('.gz compresses; files are for their owner, also those that existed before', async () => {
  const file = given('hang.json.gz', 'something else')
  await writeSnapshot(file, scenes.abba())
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(JSON.parse(gunzipSync(readFileSync(file)).toString())).toEqual(scenes.abba())
  expect(await readSnapshot(file)).toEqual(scenes.abba())
})

test('what is in the file is told by its content, not by its name', async () => {
  const text = JSON.stringify(scenes.abba())
  expect(await readSnapshot(given('plain.gz', text))).toEqual(scenes.abba())
  expect(await readSnapshot(given('compressed.json', gzipSync(text)))).toEqual(scenes.abba())
})

test('a report carries its snapshot', async () => {
  const snapshot = scenes.queue()
  const diagnosis = diagnose(snapshot)
  const file = given('report.json', renderJson(snapshot, diagnosis))
  expect(await readSnapshot(file)).toEqual(snapshot)
  const bare = given('bare.json', renderJson(snapshot, diagnosis, { snapshot: false }))
  expect((await refusal(bare)).message).toMatch(/bare\.json is a report that carries no snapshot/)
  const failed = given('failed.json', renderErrorJson({ code: 'IMPASSE_USAGE', message: 'm', help: 'h' }))
  expect((await refusal(failed)).message).toMatch(/a failed attach/)
})

describe('files that are none: one sentence and a code', () => {
  const whole = JSON.stringify(scenes.abba())
  const changed = (change: (snapshot: Snapshot & Record<string, unknown>) => void) => {
    const copy = structuredClone(scenes.abba()) as Snapshot & Record<string, unknown>
    change(copy)
    return JSON.stringify(copy)
  }
  const thread = (copy: Snapshot) => copy.processes[0]!.threads[0]! as { id: string; looks: unknown }
  test.each([
    ['empty', '', 'IMPASSE_DAMAGED', /it is empty/],
    ['cut', whole.slice(0, 500), 'IMPASSE_DAMAGED', /ends in the middle/],
    ['cut gzip', gzipSync(whole).subarray(0, 300), 'IMPASSE_DAMAGED', /ends in the middle/],
    [
      'broken gzip',
      gzipSync(whole).map((byte, at) => (at === 60 ? byte ^ 255 : byte)),
      'IMPASSE_DAMAGED',
      /compression is damaged/,
    ],
    ['text', 'DEADLOCK  main thread', 'IMPASSE_FOREIGN', /it is no JSON/],
    ['picture', Uint8Array.of(137, 80, 78, 71, 13, 10, 26, 10), 'IMPASSE_FOREIGN', /it is no JSON/],
    ['syntax', '{ "format": nothing }', 'IMPASSE_FOREIGN', /no valid JSON/],
    ['array', '[1]', 'IMPASSE_FOREIGN', /another kind/],
    [
      'x.heapsnapshot',
      '{"snapshot":{"meta":{"node_fields":[]}},"nodes":[],"edges":[],"strings":[]}',
      'IMPASSE_FOREIGN',
      /is a heap snapshot of V8/,
    ],
    ['package.json', '{"name":"x","version":"1"}', 'IMPASSE_FOREIGN', /another kind/],
    ['newer', changed(copy => Object.assign(copy, { version: 3 })), 'IMPASSE_VERSION', /version 3.*up to 2/],
    ['older', changed(copy => Object.assign(copy, { version: 0 })), 'IMPASSE_VERSION', /version 0/],
    ['no version', changed(copy => Object.assign(copy, { version: '1' })), 'IMPASSE_MALFORMED', /no version/],
    ['member', changed(copy => Object.assign(copy, { waits: 7 })), 'IMPASSE_MALFORMED', /waits: /],
    [
      'deep member',
      changed(copy => (thread(copy).looks = [null])),
      'IMPASSE_MALFORMED',
      /processes\.0\.threads\.0\.looks\.0: /,
    ],
    ['id twice', changed(copy => (thread(copy).id = 'p4242/t1')), 'IMPASSE_MALFORMED', /"p4242\/t1"/],
    ['id elsewhere', changed(copy => (thread(copy).id = 'p1/t0')), 'IMPASSE_MALFORMED', /"p1\/t0"/],
    ['time', changed(copy => Object.assign(copy, { capturedAt: 'noon' })), 'IMPASSE_MALFORMED', /capturedAt/],
  ] as const)('%s', async (name, content, code, message) => {
    const error = await refusal(given(name, content))
    expect(error).toMatchObject({ code, exitCode: 2 })
    expect(error.message).toMatch(message)
    expect(error.message.startsWith(path(name))).toBe(true)
    expect(error.message).not.toContain('\n')
  })

  test.each([120, 50_000])('a request nested %i times', async levels => {
    let request = '{"kind":"outside","what":"x"}'
    request = `${'{"kind":"anyOf","requests":['.repeat(levels)}${request}${']}'.repeat(levels)}`
    const copy = structuredClone(scenes.abba())
    const wait = copy.waits[0]! as { request: Request }
    wait.request = { kind: 'outside', what: 'HERE' }
    const text = JSON.stringify(copy).replace('{"kind":"outside","what":"HERE"}', request)
    expect((await refusal(given('deep.json', text))).message).toMatch(/nested too deeply/)
  })

  test('one that is not there, and a folder', async () => {
    expect(await refusal(path('missing.json'))).toMatchObject({ code: 'IMPASSE_READ' })
    expect(await refusal(folder)).toMatchObject({ code: 'IMPASSE_READ' })
  })

  test('a huge one is refused before it is read, a bomb when it has grown', async () => {
    const huge = given('huge.json', '')
    truncateSync(huge, MOST_BYTES * 3)
    const before = process.memoryUsage().rss
    expect((await refusal(huge)).message).toMatch(/larger than 500 MB/)
    const bomb = given('bomb.json.gz', gzipSync(Buffer.alloc(30_000_000)))
    expect(statSync(bomb).size).toBeLessThan(100_000)
    expect(await refusal(bomb, 1_000_000)).toMatchObject({ code: 'IMPASSE_TOO_LARGE' })
    expect(await refusal('/dev/zero', 1_000_000)).toMatchObject({ code: 'IMPASSE_TOO_LARGE' })
    expect(process.memoryUsage().rss - before).toBeLessThan(150_000_000)
  })

  test('a place that cannot be written', async () => {
    await expect(writeSnapshot('/nowhere/at/all.json', scenes.idle())).rejects.toMatchObject({
      code: 'IMPASSE_WRITE',
    })
  })
})

test('an older version goes through every converter to the newest', () => {
  const converters = new Map<number, (older: Readonly<Record<string, unknown>>) => Record<string, unknown>>([
    [1, older => ({ ...older, first: true })],
    [2, older => ({ ...older, second: older.first })],
  ])
  expect(upgrade({ version: 1 }, 'x', 3, converters)).toEqual({ version: 3, first: true, second: true })
  expect(() => upgrade({ version: 0 }, 'x', 3, converters)).toThrow(/version 0/)
})

test('whatever a valid file says, it can be diagnosed and printed', () => {
  // Values of a snapshot are swapped for others of their type and for strange ones, as long as the schema allows it.
  let state = 7
  const random = (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state % below
  }
  const strange: Record<string, readonly unknown[]> = {
    string: ['', '__proto__', 'p4242/t1', 'p9/t9', 'p4242/t0/a1', 'r1', 'p4242', '\n', '\u001b[31m'],
    number: [-1, 0, 1e300, 0.5, 1e9],
    boolean: [true, false],
    object: [[], null],
  }
  const all = Object.values(scenes)
  let printed = 0
  for (let round = 0; round < 1500; round++) {
    const copy = structuredClone(all[round % all.length]!()) as unknown as Record<string, unknown>
    const slots: (readonly [Record<string, unknown>, string])[] = []
    const collect = (value: unknown) => {
      if (typeof value !== 'object' || value === null) return
      for (const [key, member] of Object.entries(value)) {
        slots.push([value as Record<string, unknown>, key])
        collect(member)
      }
    }
    collect(copy)
    for (let change = random(4); change >= 0; change--) {
      const [object, key] = slots[random(slots.length)]!
      const type = typeof object[key]
      const alike = slots.filter(([other, otherKey]) =>
        type === 'object' ? otherKey === key : typeof other[otherKey] === type,
      )
      const [other, otherKey] = alike[random(alike.length)]!
      const odd = strange[type]!
      const value = random(3) === 0 ? odd[random(odd.length)] : other[otherKey]
      if (random(4) === 0 && Array.isArray(object[key])) object[key] = []
      else object[key] = structuredClone(value)
    }
    const result = schema.safeParse(copy)
    if (!result.success) continue
    const snapshot = result.data as Snapshot
    renderText(snapshot, diagnose(snapshot))
    printed++
  }
  expect(printed).toBeGreaterThan(300)
})
