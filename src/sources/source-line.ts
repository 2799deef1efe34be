/** One line of a text, for the reader's eye. */

const WIDEST = 200
const BEFORE = 40
const AFTER = 80

/** The line, trimmed; of a minified one what stands around the column. Undefined where nothing stands. */
export function lineAt(text: string, line: number, column: number): string | undefined {
  const found = nthLine(text, line)
  if (found === undefined) return undefined
  if (found.trim().length <= WIDEST) return found.trim() || undefined
  const from = Math.max(0, column - 1 - BEFORE)
  const to = column - 1 + AFTER
  return `${from > 0 ? '…' : ''}${found.slice(from, to).trim()}${to < found.length ? '…' : ''}`
}

function nthLine(text: string, line: number): string | undefined {
  let start = 0
  for (let number = 1; number < line; number += 1) {
    start = text.indexOf('\n', start) + 1
    if (start === 0) return undefined
  }
  const end = text.indexOf('\n', start)
  return text.slice(start, end < 0 ? undefined : end)
}

/** True when a line is another with some characters blanked out, as Node strips types. */
export function isStripped(stripped: string, written: string): boolean {
  if (stripped.length !== written.length) return false
  for (let index = 0; index < stripped.length; index += 1) {
    const character = stripped[index]
    if (character !== written[index] && character !== ' ' && character !== ';') return false
  }
  return true
}
