/** Expressions in the scope of a paused frame, without V8's own evaluation in frames. */
import type { Protocol } from 'devtools-protocol'

/**
 * From this length of its script on (characters) a frame is asked through its scopes. To evaluate in a frame, V8 parses
 * the whole script again, once for each function or, before Node 20, each time (src/debug/debug-scopes.cc,
 * `ReparseStrategy::kScriptIfNeeded`): 9 MB take 0.2 s, in which the thread is paused.
 */
export const LONG_SCRIPT = 100_000

const PARAMETER = '__impasseScope'

/**
 * The call that evaluates an expression over the objects that stand for a frame's scopes, the innermost first; undefined
 * for an expression that only the frame itself can tell: `arguments`, `super`, private names, a `this` that is no object.
 */
export function callInScopes(
  { scopeChain, this: receiver }: Protocol.Debugger.CallFrame,
  expression: string,
):
  | Pick<Protocol.Runtime.CallFunctionOnRequest, 'objectId' | 'functionDeclaration' | 'arguments'>
  | undefined {
  if (/\b(arguments|super|new\.target|await|yield|eval)\b|#/.test(expression)) return undefined
  const scopes = scopeChain.flatMap(({ type, object }) =>
    type === 'global' || object.objectId === undefined ? [] : [object.objectId],
  )
  const usesThis = /\bthis\b/.test(expression)
  const objectId = usesThis ? receiver.objectId : scopes[0]
  if (objectId === undefined) return undefined
  const names = scopes.map((_, at) => `${PARAMETER}${at}`)
  const within = names
    .toReversed()
    .map(name => `with (${name}) `)
    .join('')
  return {
    objectId,
    functionDeclaration: `function(${names.join()}) { ${within}{ return (${expression}) } }`,
    arguments: scopes.map(id => ({ objectId: id })),
  }
}
