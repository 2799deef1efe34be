/**
 * The scripts that a heap snapshot knows of by itself: a function refers to its script, and that to its name and to its
 * text, of which V8 writes the beginning only.
 */
import type { HeapTables } from './heap-tables.ts'

/** One script, as far as the snapshot tells. */
export interface ScriptNode {
  readonly url: string
  /** How its text begins; undefined where the text is not in the heap. */
  readonly beginning: string | undefined
  /** At most so many bytes are taken by its text, and at least eight less; 0 where that is not told. */
  readonly bytes: number
}

/** A string's map, hash and length (v8/src/objects/string.h), before its characters. */
const STRING_HEADER = 16

/** By V8's number of the script. */
export function scriptNodes(tables: HeapTables): ReadonlyMap<number, ScriptNode> {
  const scripts = new Map<number, ScriptNode>()
  for (const node of tables.placed()) {
    const scriptId = tables.place(node)?.scriptId
    if (scriptId === undefined || scripts.has(scriptId)) continue
    const script = scriptOf(tables, node)
    if (script !== undefined) scripts.set(scriptId, described(tables, script))
  }
  return scripts
}

/** V8 12 and later call the field `script`; before, it may also lead to what a debugger keeps. */
function scriptOf(tables: HeapTables, node: number): number | undefined {
  const shared = tables.internal(node, 'shared')
  if (shared === undefined) return undefined
  const script = tables.internal(shared, 'script') ?? tables.internal(shared, 'script_or_debug_info')
  if (script === undefined) return undefined
  const isScript = (one: number) => tables.internal(one, 'source') !== undefined
  if (isScript(script)) return script
  const behind = tables.internal(script, 'script')
  return behind !== undefined && isScript(behind) ? behind : undefined
}

function described(tables: HeapTables, script: number): ScriptNode {
  const name = tables.internal(script, 'name')
  const source = tables.internal(script, 'source')
  const isText = source !== undefined && tables.type(source) === 'string'
  return {
    url: (name === undefined ? undefined : tables.text(name)) ?? '',
    beginning: isText ? tables.name(source) : undefined,
    bytes: isText ? Math.max(0, tables.size(source) - STRING_HEADER) : 0,
  }
}

/** Whether a text is that of the script: of the same length, and beginning in the same way. */
export function isTextOf({ beginning, bytes }: ScriptNode, text: string): boolean {
  if (beginning === undefined || !text.startsWith(beginning)) return false
  // One byte for each character, or two. Strings that lie outside of the heap have no size to compare.
  const fits = (size: number) => bytes >= size && bytes < size + 8
  return bytes < 8 || fits(text.length) || fits(2 * text.length)
}
