/** Turns the protocol's `RemoteObject` into a value of the model. */
import type { Protocol } from 'devtools-protocol'
import type { Answer, Value } from '../snapshot/question.ts'
import type { Reply } from './session.ts'

type Evaluated = {
  readonly result: Protocol.Runtime.RemoteObject
  readonly exceptionDetails?: Protocol.Runtime.ExceptionDetails
}

/** The value of an evaluation, or why there is none. */
export function readValue(party: string, reply: Reply<Evaluated>): Answer<Value> {
  if (!reply.ok || reply.result.exceptionDetails !== undefined) return unreadable(reply)
  const object = reply.result.result
  switch (object.type) {
    case 'undefined':
      return { known: { kind: 'undefined' } }
    case 'boolean':
    case 'string':
      return { known: { kind: object.type, value: object.value } as Value }
    case 'number':
      return { known: { kind: 'number', value: object.value ?? Number(object.unserializableValue) } }
    case 'bigint':
      return { known: { kind: 'bigint', value: BigInt((object.unserializableValue ?? '0n').slice(0, -1)) } }
    case 'symbol':
      return { known: { kind: 'symbol', description: object.description ?? '' } }
    case 'function': {
      const ref = { party, id: object.objectId! }
      return {
        known: {
          kind: 'function',
          ref,
          source: object.description ?? '',
          className: object.className ?? 'Function',
        },
      }
    }
    default:
      return object.subtype === 'null' ? { known: { kind: 'null' } } : readObject(party, object)
  }
}

function readObject(party: string, object: Protocol.Runtime.RemoteObject): Answer<Value> {
  return {
    known: {
      kind: 'object',
      ref: { party, id: object.objectId! },
      className: object.className ?? 'Object',
      ...(object.subtype === undefined ? {} : { subtype: object.subtype }),
      description: object.description ?? '',
    },
  }
}

/** Why an evaluation gave no value, told from the exception or from the missing answer. */
export function unreadable(
  reply: Reply<{ readonly exceptionDetails?: Protocol.Runtime.ExceptionDetails } | unknown>,
): {
  unknown: 'no such name' | 'optimised out' | 'side effect' | 'cannot be read here' | 'deadline'
  detail: string
} {
  if (!reply.ok)
    return { unknown: reply.why === 'deadline' ? 'deadline' : 'cannot be read here', detail: reply.message }
  const details = (reply.result as { exceptionDetails?: Protocol.Runtime.ExceptionDetails }).exceptionDetails
  const text = details?.exception?.description?.split('\n')[0] ?? details?.text ?? 'it threw'
  if (text.includes('side-effect')) return { unknown: 'side effect', detail: text }
  // V8 12 and later: a variable that optimised code no longer keeps.
  if (text.includes('from debugger')) return { unknown: 'optimised out', detail: text }
  if (text.startsWith('ReferenceError')) return { unknown: 'no such name', detail: text }
  return { unknown: 'cannot be read here', detail: text }
}
