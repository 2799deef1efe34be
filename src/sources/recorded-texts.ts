/** The texts that a snapshot carries, for rules that run again. */
import { gunzipSync } from 'node:zlib'
import type { Recording } from '../snapshot/model.ts'
import type { ScriptTexts } from '../snapshot/question.ts'
import { longestWhole, usesAtomics } from './syntax-store.ts'

type RecordedScript = Recording['scripts'][number]

/** No module that was recorded is larger. */
export const LARGEST_MODULE = 8_000_000

export class RecordedTexts implements ScriptTexts {
  readonly scripts: readonly string[]
  readonly #scripts: ReadonlyMap<string, RecordedScript>
  readonly #texts = new Map<string, string>()

  constructor(scripts: Recording['scripts']) {
    this.#scripts = new Map(scripts.map(script => [script.key, script]))
    this.scripts = [...this.#scripts.keys()]
    for (const { key, text } of scripts) {
      if (typeof text === 'string') this.#texts.set(key, text)
      else if ('pieces' in text) this.#texts.set(key, laidOut(text.pieces))
    }
  }

  get(script: string): string | undefined {
    return this.#texts.get(script)
  }

  /** Why there is no text. */
  missing(script: string): string | undefined {
    const text = this.#scripts.get(script)?.text
    return typeof text === 'object' && 'unknown' in text ? text.unknown : undefined
  }

  bytecode(script: string): Uint8Array | undefined {
    const bytes = this.#scripts.get(script)?.bytecode
    if (bytes === undefined) return undefined
    try {
      return gunzipSync(Buffer.from(bytes, 'base64'), { maxOutputLength: LARGEST_MODULE })
    } catch {
      return undefined
    }
  }

  url(script: string): string {
    return this.#scripts.get(script)?.url ?? ''
  }

  original(script: string, line: number, column: number) {
    const recorded = this.#scripts.get(script)
    const moved = recorded?.originals.find(one => one.line === line && one.column === column)
    if (moved === undefined) return { file: recorded?.file ?? '', line, column }
    const { name, ...place } = moved.to
    return name === undefined ? place : { ...place, name }
  }
}

/** The most that is laid out: a hostile file may name any line. */
const MOST_LINES = 1_000_000
const MOST_COLUMNS = 10_000_000

/** Pieces at their places in a text which is as long as it has to be to count as one that is too big to parse whole. */
function laidOut(pieces: readonly { line: number; column: number; text: string }[]): string {
  let text = ''
  let line = 1
  let lineStart = 0
  for (const piece of [...pieces].sort((a, b) => a.line - b.line || a.column - b.column)) {
    if (piece.line > MOST_LINES || piece.column > MOST_COLUMNS || piece.line < line) continue
    if (piece.line > line) {
      text += '\n'.repeat(piece.line - line)
      line = piece.line
      lineStart = text.length
    }
    const column = text.length - lineStart + 1
    if (piece.column < column) continue
    text += ' '.repeat(piece.column - column) + piece.text
    const lines = piece.text.split(/\r\n|[\n\r\u2028\u2029]/)
    if (lines.length > 1) {
      line += lines.length - 1
      lineStart = text.length - lines.at(-1)!.length
    }
  }
  return text.padEnd(longestWhole(usesAtomics(text)) + 1)
}
