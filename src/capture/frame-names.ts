/** The names of a frame's function and class as people gave them: the source map's where the text was minified. */
import type { StackFrame } from '../inspector/stack-frame.ts'
import { declaredName, enclosingClass, isTopLevel, nameOffset } from '../sources/function-names.ts'
import { inText, type Position } from '../sources/script-origin.ts'
import type { ScriptSource } from '../sources/script-source.ts'
import type { OriginalPosition } from '../sources/source-map.ts'
import type { Syntax } from '../sources/syntax.ts'
import type { SyntaxStore } from '../sources/syntax-store.ts'
import type { Node } from '../sources/syntax-tree.ts'
import { testTitles } from '../sources/test-titles.ts'

export interface FrameNames {
  readonly function: string
  readonly class: string | null
  /** The class's name in the text that V8 runs. */
  readonly generatedClass: string | null
  /** Of the test blocks around it, outermost first. */
  readonly titles: readonly string[]
}

/** `key` is the script's in the store, `at` the call in progress in its text. */
export function frameNames(
  source: ScriptSource,
  store: SyntaxStore,
  key: string,
  frame: StackFrame,
  at: Position,
): FrameNames {
  const around = functionAround(source, store, key, frame, at)
  if (around === undefined) {
    return { function: givenName(frame) ?? '(anonymous)', class: null, generatedClass: null, titles: [] }
  }
  const { syntax, fn } = around
  if (isTopLevel(fn)) return { function: '(module)', class: null, generatedClass: null, titles: [] }
  const originalOf = (offset: number) => source.mapped(syntax.lines.positionAt(offset))
  const owner = enclosingClass(syntax, fn)
  const nameAt = nameOffset(syntax, fn)
  const written = nameAt === undefined ? undefined : originalOf(nameAt)?.name
  const given = givenName(frame, nameAt === undefined ? undefined : syntax.text.slice(nameAt))
  return {
    function: written ?? given ?? nameless(source, at, originalOf(fn.start)),
    class: owner === undefined ? null : (originalOf(owner.at)?.name ?? owner.name),
    generatedClass: owner?.name ?? null,
    titles: testTitles(syntax, fn),
  }
}

/**
 * V8's name, but for those that it makes up: only a trace has `eval` and `anonymous`, so that one frame would look like
 * two in two looks. `spelled` is the text from the function's own name on.
 */
function givenName({ functionName }: StackFrame, spelled = ''): string | undefined {
  if (functionName === '' || functionName === 'anonymous') return undefined
  return functionName === 'eval' && !spelled.startsWith('eval') ? undefined : functionName
}

/** What is known about a function without a name: what the text says from which it was made. */
function nameless(source: ScriptSource, at: Position, start: OriginalPosition | undefined): string {
  // Mapped code in a function that is not: a bundler put it around a module.
  if (start === undefined) return source.mapped(at) === undefined ? '(anonymous)' : '(module)'
  const text = source.originalText(start.file)
  return (text === undefined ? undefined : declaredName(text, start.line, start.column)) ?? '(anonymous)'
}

function functionAround(
  source: ScriptSource,
  store: SyntaxStore,
  key: string,
  frame: StackFrame,
  at: Position,
): { syntax: Syntax; fn: Node } | undefined {
  const functionStart = frame.functionStart && inText(source.origin, frame.functionStart)
  const syntax = store.around(key, functionStart)
  if ('unknown' in syntax) return undefined
  const offset = syntax.lines.offsetAt(at.line, at.column)
  if (offset === undefined) return undefined
  const start = functionStart && syntax.lines.offsetAt(functionStart.line, functionStart.column)
  return {
    syntax,
    fn: start === undefined ? syntax.functionAt(offset) : syntax.functionStartingAt(start, offset),
  }
}
