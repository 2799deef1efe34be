/** What a program calls its things may hold anything: terminals and readers must not act on it. */

/** Control characters but tab and line feed, and those that turn the direction of a text. */
const acting = /(?![\t\n])\p{Cc}|[\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069]/gu

/** The select-graphic-rendition sequences of ECMA-48: all that we use ourselves. */
const colour = new RegExp(`(${String.fromCharCode(27)}\\[\\d{1,3}m)`)

/** The text with such characters shown as `�`; `colored`: sequences that only colour stay. */
export function printable(text: string, colored = false): string {
  if (!colored) return text.replace(acting, '\u{FFFD}')
  return text
    .split(colour)
    .map((part, at) => (at % 2 === 1 ? part : part.replace(acting, '\u{FFFD}')))
    .join('')
}
