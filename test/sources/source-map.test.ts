import { SourceMapGenerator } from 'source-map'
import { describe, expect, test } from 'vitest'
import { type ReadFile, SourceMap, sourceMapUrlIn } from '../../src/sources/source-map.ts'

const nothing: ReadFile = () => undefined
const files =
  (texts: Record<string, string>): ReadFile =>
  path =>
    texts[path]

interface Segment {
  readonly generated: readonly [line: number, column: number]
  readonly original?: readonly [line: number, column: number]
  readonly source?: string
  readonly name?: string
}

/** The text of a map; columns of segments are 0-based, as in the file format. */
function mapOf(segments: readonly Segment[], extra: object = {}): string {
  const generator = new SourceMapGenerator()
  for (const { generated, original, source = 'a.ts', name } of segments) {
    const place = { line: generated[0], column: generated[1] }
    if (original === undefined) generator.addMapping({ generated: place } as never)
    else
      generator.addMapping({
        generated: place,
        original: { line: original[0], column: original[1] },
        source,
        ...(name ? { name } : {}),
      })
  }
  return JSON.stringify({ ...JSON.parse(generator.toString()), ...extra })
}

/** A map with one segment at the start of the text. */
const one = (source: string, extra: object = {}) =>
  mapOf([{ generated: [1, 0], original: [3, 4], source }], extra)
const inline = (json: string) =>
  `data:application/json;charset=utf-8;base64,${Buffer.from(json).toString('base64')}`
const fileIn = async (script: string, source: string, extra?: object, readFile = nothing) =>
  (await SourceMap.load(script, inline(one(source, extra)), readFile))?.original(1, 1)?.file

describe('where the map is', () => {
  test('in a data: URL, as base64 or as it stands', async () => {
    const json = one('a.ts')
    for (const url of [inline(json), `data:application/json,${encodeURIComponent(json)}`]) {
      const map = await SourceMap.load('file:///app/out/a.js', url, nothing)
      expect(map?.original(1, 1)).toEqual({ file: '/app/out/a.ts', line: 3, column: 5 })
    }
  })

  test('in a file beside the script or elsewhere, from where its names are resolved', async () => {
    const read = files({ '/app/out/a.js.map': one('../src/a.ts'), '/maps/a.map': one('a.ts') })
    const original = async (url: string) =>
      (await SourceMap.load('file:///app/out/a.js', url, read))?.original(1, 1)?.file
    expect(await original('a.js.map')).toBe('/app/src/a.ts')
    expect(await original('/maps/a.map')).toBe('/maps/a.ts')
    expect(await original('file:///maps/a.map')).toBe('/maps/a.ts')
  })

  test('in a file whose name was not encoded', async () => {
    const read = files({ '/app/a #1?%.js.map': one('a.ts') })
    expect((await SourceMap.load('/app/a #1?%.js', 'a%20#1?%.js.map', read))?.original(1, 1)?.file).toBe(
      '/app/a.ts',
    )
  })

  test.each([
    ['no such file', 'missing.map'],
    ['another machine', 'https://example.com/a.js.map'],
    ['broken JSON', inline('{')],
    ['broken base64 text', 'data:application/json;base64,%%%'],
    ['no map', inline('{"version":2}')],
    ['no content', 'data:application/json;base64'],
  ])('nowhere: %s', async (_, url) => {
    expect(await SourceMap.load('file:///app/a.js', url, nothing)).toBeUndefined()
  })

  test('relative to code without a file: nowhere', async () => {
    expect(
      await SourceMap.load('[worker eval]', 'a.js.map', files({ '/a.js.map': one('a.ts') })),
    ).toBeUndefined()
  })
})

describe('names of sources', () => {
  test.each([
    ['relative', 'file:///app/out/a.js', '../src/a.ts', {}, '/app/src/a.ts'],
    ['absolute', 'file:///app/a.js', '/src/a.ts', {}, '/src/a.ts'],
    ['URL', 'file:///app/a.js', 'file:///src/b%20c.ts', {}, '/src/b c.ts'],
    ['below a sourceRoot', 'file:///app/a.js', 'a.ts', { sourceRoot: '../root dir/' }, '/root dir/a.ts'],
    [
      'below an absolute sourceRoot',
      'file:///app/a.js',
      'a.ts',
      { sourceRoot: '/build/src' },
      '/build/src/a.ts',
    ],
    ['webpack', 'file:///app/a.js', 'webpack://app/./src/a.ts?ab12', {}, 'src/a.ts'],
    ['webpack, absolute', 'file:///app/a.js', 'webpack:////src/a.ts', {}, '/src/a.ts'],
    ['code without a file', 'webpack-internal:///./a.ts', 'src/a.ts', {}, 'src/a.ts'],
    ['another scheme', 'file:///app/a.js', 'https://example.com/a.ts', {}, 'https://example.com/a.ts'],
    ['a percent sign that encodes nothing', 'file:///app/100%25/a.js', '../50%/a.ts', {}, '/app/50%/a.ts'],
    ['a query', 'file:///app/a.js', 'a.vue?type=script', {}, '/app/a.vue'],
  ])('%s', async (_, script, source, extra, file) => {
    expect(await fileIn(script, source, extra)).toBe(file)
  })

  test('a plain path with # and ?, when there is such a file', async () => {
    const read = files({ '/app/é #1?.ts': '' })
    expect(await fileIn('file:///app/a.js', 'é #1?.ts', {}, read)).toBe('/app/é #1?.ts')
  })
})

describe('positions', () => {
  const segments: Segment[] = [
    { generated: [1, 0], original: [1, 0] },
    { generated: [1, 10], original: [2, 4], name: 'Mutex' },
    { generated: [1, 20] },
    { generated: [2, 5], original: [7, 2], source: 'b.ts' },
  ]
  const load = () =>
    SourceMap.load(
      'file:///app/a.js',
      inline(mapOf(segments, { sourcesContent: ['one\ntwo', null] })),
      nothing,
    )

  test('are those of the segment they lie in', async () => {
    const map = await load()
    expect(map?.original(1, 4)).toEqual({ file: '/app/a.ts', line: 1, column: 1 })
    expect(map?.original(2, 30)).toEqual({ file: '/app/b.ts', line: 7, column: 3 })
  })

  test('have a name only where the segment begins', async () => {
    const map = await load()
    expect(map?.original(1, 11)).toEqual({ file: '/app/a.ts', line: 2, column: 5, name: 'Mutex' })
    expect(map?.original(1, 12)).toEqual({ file: '/app/a.ts', line: 2, column: 5 })
  })

  test('have no original in a hole, before the first segment, in a line without one, and before the text', async () => {
    const map = await load()
    for (const [line, column] of [
      [1, 25],
      [2, 2],
      [9, 1],
      [1, -3],
      [0, 1],
    ] as const)
      expect(map?.original(line, column)).toBeUndefined()
  })

  test('their text is in the map, or not', async () => {
    const map = await load()
    expect(map?.content('/app/a.ts')).toBe('one\ntwo')
    expect(map?.content('/app/b.ts')).toBeUndefined()
    expect(map?.content('/app/c.ts')).toBeUndefined()
  })

  test('of an index map with sections', async () => {
    const json = JSON.stringify({
      version: 3,
      sections: [
        { offset: { line: 0, column: 0 }, map: JSON.parse(one('a.ts')) },
        { offset: { line: 5, column: 0 }, map: JSON.parse(one('b.ts')) },
      ],
    })
    const map = await SourceMap.load('file:///app/a.js', inline(json), nothing)
    expect(map?.original(6, 1)).toMatchObject({ file: '/app/b.ts', line: 3 })
  })
})

describe('sourceMappingURL', () => {
  test.each([
    ['the last line', 'a()\n//# sourceMappingURL=a.js.map', 'a.js.map'],
    ['before a sourceURL', 'a()\n//# sourceMappingURL=a.js.map\n//# sourceURL=a.ts\n', 'a.js.map'],
    ['the last of two', '//# sourceMappingURL=a.map\n//# sourceMappingURL=b.map', 'b.map'],
    ['the old form', '//@ sourceMappingURL=a.map\r\n', 'a.map'],
    ['none', 'a()', undefined],
    ['one in a string', 'const end = "//# sourceMappingURL=" + url', undefined],
    ['one in a template', 'write(`\n//# sourceMappingURL=${'.concat('url}`)'), undefined],
  ])('%s', (_, text, url) => {
    expect(sourceMapUrlIn(text)).toBe(url)
  })
})
