import { describe, expect, test } from 'vitest'
import { inMap, inText, reported } from '../../src/sources/script-origin.ts'
import { ScriptSource, wholeFile } from '../../src/sources/script-source.ts'
import { pathOf } from '../../src/sources/script-url.ts'
import { isStripped, lineAt } from '../../src/sources/source-line.ts'

const source = (url: string, text: string, disk: Record<string, string> = {}, origin = wholeFile) => {
  const made = new ScriptSource(url, origin, path => disk[path])
  made.text = text
  return made
}

describe('the file of a script', () => {
  test.each([
    ['file:///app/a%20b%20%231%20%C3%BC%2520%25%20%3F.js', '/app/a b #1 ü%20% ?.js'],
    ['file:///app/a.js?v=1#x', '/app/a.js'],
    ['/app/a #1.js', '/app/a #1.js'],
    ['node:fs', undefined],
    ['[worker eval]', undefined],
    ['', undefined],
    ['file://other-host/a.js', undefined],
  ])('%s', (url, path) => {
    expect(pathOf(url)).toBe(path)
  })

  test('a query that a loader put behind a path is none of its name', () => {
    expect(source('/app/a.ts?t=1', '').file).toBe('/app/a.ts')
    expect(source('/app/a.ts?t=1', '', { '/app/a.ts?t=1': '' }).file).toBe('/app/a.ts?t=1')
  })

  test('a data: URL is cut, another name stays', () => {
    expect(source(`data:text/javascript,${'x'.repeat(1000)}`, '').file).toHaveLength(61)
    expect(source('app://a/b.js', '').file).toBe('app://a/b.js')
  })
})

describe('where a text begins', () => {
  const page = { startLine: 100, startColumn: 8 }
  const wrapped = { startLine: 0, startColumn: -30 }

  test('a script that was cut out of a page: its map speaks of itself', () => {
    expect(inText(page, { line: 101, column: 12 })).toEqual({ line: 1, column: 4 })
    expect(inText(page, { line: 105, column: 12 })).toEqual({ line: 5, column: 12 })
    expect(inMap(page, { line: 1, column: 4 })).toEqual({ line: 1, column: 4 })
  })

  test('a text with a wrapper before it: its map knows nothing of that', () => {
    expect(inText(wrapped, { line: 1, column: 4 })).toEqual({ line: 1, column: 34 })
    expect(inMap(wrapped, { line: 1, column: 34 })).toEqual({ line: 1, column: 4 })
    expect(inMap(wrapped, { line: 2, column: 4 })).toEqual({ line: 2, column: 4 })
  })

  test.each([page, wrapped, wholeFile])('and back', origin => {
    for (const position of [
      { line: 1, column: 40 },
      { line: 7, column: 2 },
    ]) {
      expect(inText(origin, reported(origin, position))).toEqual(position)
    }
  })

  test('the reader gets the position of V8, and the line of the text', () => {
    const script = source('/srv/page.html', 'first()\nsecond()', {}, page)
    expect(script.original({ line: 2, column: 1 })).toEqual({ file: '/srv/page.html', line: 102, column: 1 })
    expect(script.line({ line: 2, column: 1 })).toBe('second()')
  })
})

describe('the source line', () => {
  test('is trimmed; none where nothing stands', () => {
    expect(lineAt('a\n  b()\n\n', 2, 3)).toBe('b()')
    expect(lineAt('a\n  b()\r\n\n', 2, 3)).toBe('b()')
    expect(lineAt('a\n\n', 2, 1)).toBeUndefined()
    expect(lineAt('a', 7, 1)).toBeUndefined()
  })

  test('of a minified text is what stands around the column', () => {
    const text = `${'a'.repeat(500)}wait()${'b'.repeat(500)}`
    expect(lineAt(text, 1, 501)).toBe(`…${'a'.repeat(40)}wait()${'b'.repeat(74)}…`)
    expect(lineAt(text, 1, 1)).toBe(`${'a'.repeat(80)}…`)
  })

  test('of stripped TypeScript is that of the file', () => {
    const file = 'const a: number = f(b as C)'
    const run = 'const a         = f(b     )'
    expect(source('file:///app/a.ts', run, { '/app/a.ts': file }).line({ line: 1, column: 19 })).toBe(file)
    expect(source('file:///app/a.ts', run).line({ line: 1, column: 19 })).toBe(run)
    expect(
      source('file:///app/a.ts', run, { '/app/a.ts': 'something else in here, newer' }).line({
        line: 1,
        column: 19,
      }),
    ).toBe(run)
  })

  test('stripped means blanked out', () => {
    expect(isStripped('a        = 1', 'a: string = 1'.slice(0, 12))).toBe(false)
    expect(isStripped('a           = 1', 'a: Something = 1')).toBe(false)
    expect(isStripped('a  = 1', 'a:B= 1')).toBe(true)
    expect(isStripped('', '')).toBe(true)
  })
})
