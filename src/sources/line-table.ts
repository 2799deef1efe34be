/** Turns offsets of a text into 1-based lines and columns and back, with the line ends that V8 counts. */
export class LineTable {
  readonly #starts: number[] = [0]
  readonly #length: number

  constructor(text: string) {
    this.#length = text.length
    const end = /\r\n|[\n\r\u2028\u2029]/g
    while (end.exec(text)) this.#starts.push(end.lastIndex)
  }

  /** The offset of a position; undefined when the text has no such line. */
  offsetAt(line: number, column: number): number | undefined {
    const start = this.#starts[line - 1]
    if (start === undefined) return undefined
    const offset = start + column - 1
    return offset > this.#length ? undefined : offset
  }

  positionAt(offset: number): { line: number; column: number } {
    let low = 0
    let high = this.#starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (this.#starts[middle]! <= offset) low = middle
      else high = middle - 1
    }
    return { line: low + 1, column: offset - this.#starts[low]! + 1 }
  }

  get lineCount(): number {
    return this.#starts.length
  }
}
