/** A script as `Debugger.scriptParsed` announces it. */
export interface Script {
  readonly id: string
  /** `file:///…`, a path (CommonJS before Node 22), `node:…`, `[worker eval]`, `wasm://…`, or '' for code without a name. */
  readonly url: string
  /** V8's hash of the text: equal text in two threads has equal hashes. */
  readonly hash: string
  readonly length: number
  readonly sourceMapUrl: string | undefined
  readonly startLine: number
  readonly startColumn: number
  readonly isModule: boolean
  readonly language: 'JavaScript' | 'WebAssembly'
}

/** The same key for the same text under the same name, in whatever thread of whatever isolate it was compiled. */
export function scriptKey(script: Script): string {
  return `${script.url}#${script.hash}:${script.length}:${script.startLine}`
}
