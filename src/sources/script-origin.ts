/**
 * Where a script's text begins in the file that V8 counts its lines in: `vm` takes such an offset. Positive for a
 * script that was cut out of a page, negative for a text with a wrapper before it that positions leave out.
 */
export interface ScriptOrigin {
  /** Both 0-based, as `Debugger.scriptParsed` tells them. */
  readonly startLine: number
  readonly startColumn: number
}

/** A 1-based position. */
export interface Position {
  readonly line: number
  readonly column: number
}

/** From the position that V8 reports to that in the script's own text, which a syntax tree needs. */
export function inText({ startLine, startColumn }: ScriptOrigin, { line, column }: Position): Position {
  return { line: line - startLine, column: line - startLine === 1 ? column - startColumn : column }
}

/** From a position in the script's text to the one that V8 reports and a reader knows. */
export function reported({ startLine, startColumn }: ScriptOrigin, { line, column }: Position): Position {
  return { line: line + startLine, column: line === 1 ? column + startColumn : column }
}

/**
 * From a position in the script's text to the one that its source map speaks of: a wrapper was put before a text that
 * had its map already, while what was cut out of a page was mapped as it stood alone.
 */
export function inMap(origin: ScriptOrigin, position: Position): Position {
  return origin.startLine > 0 || origin.startColumn > 0 ? position : reported(origin, position)
}
