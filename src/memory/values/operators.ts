/** Operators over values, as far as they convert no objects. */
import type { Objects } from '../v8/objects.ts'
import { isSame, isTrue, nothing, ofPrimitive, primitive, type Runtime, Unreadable } from './runtime.ts'

export function binary(operator: string, left: Runtime, right: Runtime): Runtime {
  if (operator === '===' || operator === '!==')
    return ofPrimitive(isSame(left, right) === (operator === '==='))
  const loose = operator === '==' || operator === '!='
  if (loose && [left, right].some(({ kind }) => kind === 'undefined' || kind === 'null')) {
    const both = [left, right].every(({ kind }) => kind === 'undefined' || kind === 'null')
    return ofPrimitive(both === (operator === '=='))
  }
  if (loose) return ofPrimitive(isSame(left, right) === (operator === '=='))
  const [a, b] = [primitive(left), primitive(right)] as [number, number]
  switch (operator) {
    case '+':
      return ofPrimitive(a + b)
    case '-':
      return ofPrimitive(a - b)
    case '*':
      return ofPrimitive(a * b)
    case '/':
      return ofPrimitive(a / b)
    case '%':
      return ofPrimitive(a % b)
    case '<<':
      return ofPrimitive(a << b)
    case '>>':
      return ofPrimitive(a >> b)
    case '>>>':
      return ofPrimitive(a >>> b)
    case '&':
      return ofPrimitive(a & b)
    case '|':
      return ofPrimitive(a | b)
    case '^':
      return ofPrimitive(a ^ b)
    case '<':
      return ofPrimitive(a < b)
    case '<=':
      return ofPrimitive(a <= b)
    case '>':
      return ofPrimitive(a > b)
    case '>=':
      return ofPrimitive(a >= b)
    default:
      throw new Unreadable('side effect', operator)
  }
}

export function unary(operator: string, value: Runtime, objects: Objects): Runtime {
  switch (operator) {
    case '!':
      return ofPrimitive(!isTrue(value))
    case '-':
      return ofPrimitive(-(primitive(value) as number))
    case '+':
      return ofPrimitive(Number(primitive(value)))
    case '~':
      return ofPrimitive(~(primitive(value) as number))
    case 'void':
      return nothing
    case 'typeof':
      return ofPrimitive(typeOf(value, objects))
    default:
      throw new Unreadable('side effect', operator)
  }
}

function typeOf(value: Runtime, objects: Objects): string {
  switch (value.kind) {
    case 'null':
    case 'list':
    case 'view':
    case 'memory':
      return 'object'
    case 'lambda':
    case 'builtin':
      return 'function'
    case 'object':
      return /function/.test(objects.sort(value.at)) ? 'function' : 'object'
    default:
      return value.kind
  }
}
