/** A frame as V8 tells it, in the text that V8 runs; lines and columns are 1-based. */
import type { Protocol } from 'devtools-protocol'

export interface StackFrame {
  readonly functionName: string
  readonly scriptId: string
  readonly url: string
  readonly line: number
  readonly column: number
  /** Where the function's text begins; only a paused frame tells. */
  readonly functionStart: { readonly line: number; readonly column: number } | undefined
  /** The class name of `this`; only a paused frame tells. */
  readonly thisClass: string | undefined
}

/** A frame of a paused thread; its URL is the script's, since V8 leaves the frame's own empty. */
export function fromCallFrame(frame: Protocol.Debugger.CallFrame, url: string): StackFrame {
  const start = frame.functionLocation
  return {
    functionName: frame.functionName,
    scriptId: frame.location.scriptId,
    url,
    line: frame.location.lineNumber + 1,
    column: (frame.location.columnNumber ?? 0) + 1,
    functionStart: start && { line: start.lineNumber + 1, column: (start.columnNumber ?? 0) + 1 },
    thisClass:
      frame.this.type === 'object' && frame.this.subtype !== 'null' ? frame.this.className : undefined,
  }
}

/** A frame of a trace that was captured without pausing. */
export function fromTrace(frame: Protocol.Runtime.CallFrame): StackFrame {
  return {
    functionName: frame.functionName,
    scriptId: frame.scriptId,
    url: frame.url,
    line: frame.lineNumber + 1,
    column: frame.columnNumber + 1,
    functionStart: undefined,
    thisClass: undefined,
  }
}
