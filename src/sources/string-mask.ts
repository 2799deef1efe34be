/** Stands for the strings of a program and of its values where only their being the same or different matters. */

/** Shorter ones hide nothing. */
const SHORTEST = 3

export class StringMask {
  readonly #kept: ReadonlySet<string>
  readonly #shown: string
  readonly #masks = new Map<string, string>()

  /** @param kept strings that stay as they are; `shown` is text for the reader, in which any string may stand */
  constructor(kept: Iterable<string>, shown: string) {
    this.#kept = new Set(kept)
    this.#shown = shown
  }

  /** What stands for a string (as it is written between its quotes): equal for equal ones, of the same length. */
  of(content: string): string {
    if (content.length < SHORTEST || this.#kept.has(content) || this.#shown.includes(content)) return content
    const known = this.#masks.get(content)
    if (known !== undefined) return known
    const plain = !/[\\\n\r\u2028\u2029]/.test(content)
    const number = this.#masks.size.toString(36)
    // A number that does not fit leaves strings that nobody can tell apart.
    const masked =
      plain && number.length < content.length ? number.padStart(content.length, '_') : blank(content)
    this.#masks.set(content, masked)
    return masked
  }

  /** An expression with its strings replaced, as they are in the text that it was made from. */
  inExpression(expression: string): string {
    return expression.replace(
      /(["'`])((?:\\[\s\S]|(?!\1)[^\\])*)\1/g,
      (_, quote: string, content: string) => {
        if (quote !== '`') return quote + this.of(content) + quote
        const parts = content.split(/(\$\{[^}]*\})/)
        return quote + parts.map(part => (part.startsWith('${') ? part : this.of(part))).join('') + quote
      },
    )
  }
}

/** Line ends stay, with the backslash that lets a string go on behind one. */
function blank(content: string): string {
  return content.replace(/\\(?:\r\n|[\n\r\u2028\u2029])|[^\n\r\u2028\u2029]/g, part =>
    part.length > 1 ? part : '_',
  )
}
