/** Breaks each line of a text at spaces so that it fits `width` columns; all lines begin with `indent`. */
export function wrap(text: string, width: number, indent: string, hanging = indent): readonly string[] {
  return together(text)
    .split('\n')
    .flatMap(line => wrapLine(line, Math.max(width, 40), indent, hanging))
}

function wrapLine(text: string, width: number, indent: string, hanging: string): string[] {
  const lines: string[] = []
  let line = indent
  let empty = true
  for (const word of text.split(' ')) {
    if (!empty && line.length + 1 + word.length > width) {
      lines.push(line)
      line = hanging
      empty = true
    }
    line += empty ? word : ` ${word}`
    empty = false
  }
  return [...lines, line].map(each => each.replaceAll('\u00a0', ' '))
}

/** `worker 1` and `40 ms` stay on one line. */
function together(text: string): string {
  return text
    .replace(/\b(workers?|process|thread|task|line|lines|pid) (?=\d)/g, '$1\u00a0')
    .replace(/(\d) (?=(ms|s|min)\b)/g, '$1\u00a0')
}
