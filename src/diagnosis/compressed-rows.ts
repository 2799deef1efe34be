/** Lists of numbers by number, packed: row `n` is `items[offsets[n] … offsets[n + 1] - 1]`. */
export interface Rows {
  readonly offsets: Int32Array
  readonly items: Int32Array
}

/** Files `items` (by default their own indexes) under the row that `keys` names; a negative key files nowhere. */
export function packRows(rows: number, keys: ArrayLike<number>, items?: ArrayLike<number>): Rows {
  const offsets = new Int32Array(rows + 1)
  for (let at = 0; at < keys.length; at++) if (keys[at]! >= 0) offsets[keys[at]! + 1]!++
  for (let row = 0; row < rows; row++) offsets[row + 1]! += offsets[row]!
  const next = offsets.slice(0, rows)
  const packed = new Int32Array(offsets[rows]!)
  for (let at = 0; at < keys.length; at++) {
    const key = keys[at]!
    if (key >= 0) packed[next[key]!++] = items ? items[at]! : at
  }
  return { offsets, items: packed }
}

export function row({ offsets, items }: Rows, number: number): Int32Array {
  return items.subarray(offsets[number], offsets[number + 1])
}

export function isEmptyRow({ offsets }: Rows, number: number): boolean {
  return offsets[number] === offsets[number + 1]
}

const none: readonly never[] = []

/** What the numbers of a row stand for. A plain loop: this runs for every resource of big graphs. */
export function pick<T>(all: readonly T[], { offsets, items }: Rows, number: number): readonly T[] {
  const end = offsets[number + 1]!
  let at = offsets[number]!
  if (at === end) return none
  const picked: T[] = []
  for (; at < end; at++) picked.push(all[items[at]!]!)
  return picked
}
