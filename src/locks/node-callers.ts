import type { Via } from '../snapshot/model.ts'
import type { Activation, ValueSource } from '../snapshot/question.ts'
import type { Syntax } from '../sources/syntax.ts'
import { type CallNode, type Node, unwrapped } from '../sources/syntax-tree.ts'
import { calledName } from './atomics/function-catalogue.ts'

/** The frame of the program that called into Node, where there is one. */
interface Caller {
  readonly syntax: Syntax
  readonly call: CallNode | undefined
  readonly exact: boolean
}

/** What Node's own functions between two frames of the program mean, the innermost that means something first. */
export async function nodeVia(
  between: readonly Activation[],
  caller: Caller | undefined,
  values: ValueSource | undefined,
): Promise<Via | undefined> {
  for (const activation of between) {
    const name = activation.functionName.replace(/^.*\./, '')
    const event = eventOf(name)
    if (event) return eventVia(await eventName(activation, event, caller, values))
    const known = meaning(name, activation)
    if (known) return { ...known, how: 'observed' }
  }
  const first = between.find(one => one.functionName !== '')
  return first && { kind: 'callback', text: `called back by Node's ${first.functionName}`, how: 'observed' }
}

/** Where in a dispatching frame the event's name is. */
function eventOf(name: string): string | undefined {
  if (name === 'emit') return 'type'
  if (name === 'dispatchEvent') return 'event.type'
  if (/kHybridDispatch|hybridDispatch/i.test(name)) return 'type'
  return undefined
}

async function eventName(
  activation: Activation,
  expression: string,
  caller: Caller | undefined,
  values: ValueSource | undefined,
): Promise<string | undefined> {
  const direct = caller?.exact && caller.call && calledName(caller.syntax, caller.call)
  const argument = caller?.call?.arguments[0] as Node | undefined
  if ((direct === 'emit' || direct === 'dispatchEvent') && argument) {
    const node = unwrapped(argument)
    if (node.type === 'Literal' && typeof node.value === 'string') return node.value
    if (node.type === 'NewExpression' && node.arguments[0]?.type === 'Literal')
      return String((node.arguments[0] as { value?: unknown }).value)
  }
  if (!values) return undefined
  const answer = await values.ask({ ask: 'value', activation, expression })
  if (!('known' in answer)) return undefined
  if (answer.known.kind === 'string') return answer.known.value
  return answer.known.kind === 'symbol' ? answer.known.description : undefined
}

function eventVia(name: string | undefined): Via {
  if (name === 'exit' || name === 'beforeExit')
    return { kind: 'exit handler', text: `handler of the process's '${name}' event`, how: 'observed' }
  if (name && /^SIG[A-Z0-9]+$/.test(name))
    return { kind: 'signal handler', text: `handler of ${name}`, how: 'observed' }
  const text = name === undefined ? 'listener of an event' : `listener of event '${name}'`
  return { kind: 'event listener', text, how: 'observed' }
}

function meaning(name: string, activation: Activation): { kind: string; text: string } | undefined {
  const file = typeof activation.frame.file === 'string' ? activation.frame.file : ''
  if (/prepareStackTrace/i.test(name))
    return { kind: 'stack trace', text: 'Error.prepareStackTrace, run to build a `stack`' }
  if (file === 'node:internal/locks')
    return { kind: 'callback', text: 'callback of navigator.locks.request()' }
  if (name === 'listOnTimeout' || name === 'processTimers')
    return { kind: 'timer', text: 'callback of a timer' }
  if (name === 'processImmediate') return { kind: 'immediate', text: 'callback of setImmediate' }
  if (name === 'runMicrotasks') return { kind: 'microtask', text: 'a microtask' }
  if (name === 'processTicksAndRejections')
    return { kind: 'microtask', text: 'a microtask or a callback of process.nextTick' }
  if (name === 'runInAsyncScope' && /microtask|queue/i.test(file))
    return { kind: 'microtask', text: 'a callback of queueMicrotask' }
  if (name === 'formatValue' || name === 'formatWithOptions')
    return { kind: 'conversion', text: 'run to print a value (util.inspect)' }
  if (name === 'require' || /modules\/cjs\/loader/.test(file))
    return { kind: 'module', text: 'code of a module that `require` loads' }
  if (/modules\/esm\//.test(file)) return { kind: 'module', text: 'code of a module that `import` loads' }
  return undefined
}
