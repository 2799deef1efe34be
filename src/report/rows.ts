/** Stacks in columns: what it does here, function, place, note. */
import type { Style } from './style.ts'

export interface Row {
  /** `waits`, `from`, `holds`, or nothing. */
  readonly label: string
  readonly name: string
  readonly place: string
  /** How control came here, or what was folded. */
  readonly note: string
  /** What makes this frame matter: `holds Cache.#lock, acquired at line 12`. */
  readonly mark: string
  /** The text of the source line. */
  readonly source: string
}

export const emptyRow: Row = { label: '', name: '', place: '', note: '', mark: '', source: '' }

/** Wider cells overflow rather than push all others to the right. */
const widest = { name: 36, place: 44 }

/** The rows as lines, columns aligned; `labels` keeps room for the first column. */
export function layOut(
  rows: readonly Row[],
  indent: string,
  labels: boolean,
  style: Style,
): readonly string[] {
  // What was folded has no place, and may be as wide as it likes.
  const name = width(
    rows.map(row => (row.place === '' ? '' : row.name)),
    widest.name,
  )
  const place = width(
    rows.map(row => row.place),
    widest.place,
  )
  return rows.flatMap(row => {
    const before = indent + (labels ? `${row.label.padStart(5)}  ` : '')
    const mark = row.mark === '' ? '' : style('bold', `◀── ${row.mark}`)
    const tail = [mark, row.note].filter(text => text !== '').join('   ')
    const head = before + row.name.padEnd(name) + (row.place === '' ? '' : `  ${row.place.padEnd(place)}`)
    const line = tail === '' ? head.trimEnd() : `${head}${row.place === '' ? '' : '   '}${tail}`
    const source = row.source === '' ? [] : [style('dim', `${' '.repeat(before.length + 2)}│ ${row.source}`)]
    return [line.trimEnd(), ...source]
  })
}

function width(cells: readonly string[], most: number): number {
  return Math.max(0, ...cells.map(cell => cell.length).filter(length => length <= most))
}
