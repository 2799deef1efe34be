import type { Activation } from '../../snapshot/question.ts'
import type { Syntax } from '../../sources/syntax.ts'
import type { SyntaxStore } from '../../sources/syntax-store.ts'
import { isCall, isFunction, isLoop, type Node, walk } from '../../sources/syntax-tree.ts'
import { calledName, namesOf } from './function-catalogue.ts'
import { operationOf } from './operations.ts'
import { contains } from './steps.ts'

/** The innermost frames that may stand in the loop or in what it calls. */
const innermost = 3

/**
 * The loops around the innermost frames of a thread that ask a shared word over and over, by themselves or through a
 * function that they call: a thread that all looks find in one of these may be one that spins for a lock (§7).
 */
export function spinLoopsAround(stack: readonly Activation[], store: SyntaxStore): ReadonlySet<string> {
  const loops = new Set<string>()
  const own = stack.filter(({ frame }) => frame.owner !== 'node' && frame.kind === 'js').slice(0, innermost)
  for (const { script, line, column } of own) {
    const syntax = store.of(script)
    if ('unknown' in syntax) continue
    const offset = syntax.lines.offsetAt(line, column)
    if (offset === undefined) continue
    for (const loop of loopsAt(syntax, offset))
      if (asksWord(syntax, loop)) loops.add(`${script}:${loop.start}`)
  }
  return loops
}

/** The innermost loop, and those around it that do nothing else (test-and-test-and-set). */
function loopsAt(syntax: Syntax, offset: number): readonly Node[] {
  const loops: Node[] = []
  for (const node of syntax.ancestors(syntax.callAt(offset).node)) {
    if (isFunction(node)) break
    if (isLoop(node) && (loops.length === 0 || onlyAsks(syntax, node))) loops.push(node)
  }
  return loops
}

function onlyAsks(syntax: Syntax, loop: Node): boolean {
  return [...walk(loop)].every(node => !isCall(node) || operationOf(syntax, node) !== undefined)
}

function asksWord(syntax: Syntax, loop: Node): boolean {
  const called = new Set<string>()
  for (const node of walk(loop)) {
    if (!isCall(node)) continue
    if (operationOf(syntax, node)) return true
    called.add(calledName(syntax, node) ?? '')
  }
  return syntax.functions.some(
    owner =>
      !contains(owner, loop) &&
      namesOf(syntax, owner).some(name => called.has(name)) &&
      [...walk(owner)].some(node => isCall(node) && operationOf(syntax, node) !== undefined),
  )
}
