/** What a wait is for, where the promise itself does not tell: from the call that is awaited, in the text and in Node's own functions. */
import type { Activation, HeapGraph } from '../../heap/graph.ts'
import { redactedText } from '../../snapshot/secrets.ts'
import { isCall, type Node, walkOwn } from '../../sources/syntax-tree.ts'
import { calledThing, type SuspendedCode, suspends } from './suspended-code.ts'

const mostPath = 80

/** `a notify of words[1] (Atomics.waitAsync)`: V8 keeps the promise of such a wait where the heap does not lead to. */
export function notifyText({ source, suspension, awaited }: SuspendedCode): string | undefined {
  const waits = [awaited?.node, ...walkOwn(source.fn)].flatMap(node => waitAsyncIn(node, suspension))
  const [first] = waits
  if (first === undefined) return undefined
  const texts = new Set(waits.map(one => one.map(argument => source.syntax.textOf(argument)).join('\n')))
  const [array, index] = first.map(argument => source.syntax.textOf(argument))
  return texts.size === 1 && array !== undefined && index !== undefined && array.length + index.length < 60
    ? `a notify of ${array}[${index}] (Atomics.waitAsync)`
    : 'a notify (Atomics.waitAsync)'
}

function waitAsyncIn(node: Node | undefined, suspension: Node): readonly (readonly Node[])[] {
  if (node === undefined || !isCall(node) || node.start > suspension.end) return []
  const called = calledThing(node)
  return called?.method === 'waitAsync' ? [called.arguments.slice(0, 2)] : []
}

/** `readFile 'data.json'`: the outermost of Node's functions for files that waits, and the path that it was given. */
export function fileText(heap: HeapGraph, activations: readonly Activation[]): string | undefined {
  const found = activations.findLast(
    ({ code, registers }) =>
      /^node:(?:internal\/)?fs/.test(code.place?.script ?? '') && pathOf(heap, registers) !== undefined,
  )
  if (found === undefined) return undefined
  const path = redactedText(pathOf(heap, found.registers)!)
  const shown = path.length > mostPath ? `…${path.slice(-mostPath)}` : path
  return `${found.code.name || 'an operation'} '${shown}'`
}

function pathOf(heap: HeapGraph, [first]: Activation['registers']): string | undefined {
  if (first?.kind === 'text') return first.value
  return first?.kind === 'node' ? heap.text(first.node) : undefined
}

/** Whether it is Node's `fetch` that is awaited. */
export function isFetch({ awaited }: SuspendedCode): boolean {
  return awaited?.method === '' && awaited.target.type === 'Identifier' && awaited.target.name === 'fetch'
}

/** `await mutex.runExclusive(…)`: what is called, without what it is given. */
export function callText({ source, suspension, awaited }: SuspendedCode): string {
  if (awaited === undefined) return shorten(source.syntax.textOf(suspension))
  const callee = source.syntax.text.slice(awaited.node.start, awaited.arguments[0]?.start ?? awaited.node.end)
  const text = awaited.arguments.length === 0 ? callee : `${callee.replace(/\(\s*$/, '')}(…)`
  return shorten(suspends(suspension) ? `await ${text}` : text)
}

function shorten(text: string): string {
  const line = text.replace(/\s+/g, ' ')
  return line.length > 80 ? `${line.slice(0, 77)}…` : line
}
