/** Values in the words of the questions, and what these mean by the objects that they name. */
import type { ObjectRef, Value } from '../../snapshot/question.ts'
import type { Objects } from '../v8/objects.ts'
import type { FunctionCode } from './function-code.ts'
import { textOfFunction } from './function-text.ts'
import { nothing, type Runtime, Unreadable } from './runtime.ts'

export class ToldValues {
  readonly #objects: Objects
  readonly #code: FunctionCode
  /** What questions have made themselves. */
  readonly #made: Runtime[] = []

  constructor(objects: Objects, code: FunctionCode) {
    this.#objects = objects
    this.#code = code
  }

  held({ id }: ObjectRef): Runtime {
    if (id.startsWith('made')) return this.#made[Number(id.slice(4))] ?? nothing
    return { kind: 'object', at: Number(id) }
  }

  /** A value in the words of the questions. */
  told(party: string, value: Runtime): Value {
    switch (value.kind) {
      case 'undefined':
      case 'null':
        return { kind: value.kind }
      case 'boolean':
      case 'number':
      case 'string':
      case 'bigint':
        return value
      case 'symbol':
        return { kind: 'symbol', description: '' }
      case 'builtin': {
        const name = value.path.slice(value.path.lastIndexOf('.') + 1)
        return {
          kind: 'function',
          ref: this.#keep(party, value),
          source: native(name),
          className: 'Function',
        }
      }
      case 'memory':
      case 'lambda':
        throw new Unreadable('cannot be read here', 'what the question itself makes')
      case 'list':
        return {
          kind: 'object',
          ref: this.#keep(party, value),
          className: 'Array',
          subtype: 'array',
          description: 'Array',
        }
      case 'view':
        return {
          kind: 'object',
          ref: this.#keep(party, value),
          className: value.view.type,
          subtype: 'typedarray',
          description: value.view.type,
        }
      case 'object':
        return this.#object({ party, id: String(value.at) }, value.at)
    }
  }

  #object(ref: ObjectRef, object: number): Value {
    const objects = this.#objects
    const sort = objects.sort(object)
    if (sort === 'bound function')
      return { kind: 'function', ref, source: 'function () { [native code] }', className: 'Function' }
    if (sort === 'function') {
      const code = this.#code.of(object)
      if (code === undefined && objects.code(object) !== undefined)
        throw new Unreadable('cannot be read here', 'the source of a function')
      const source =
        code === undefined ? native(objects.functionName(object)) : textOfFunction(code.syntax, code.owner)
      return { kind: 'function', ref, source, className: 'Function' }
    }
    const subtype = subtypes[sort]
    const className = objects.className(object) || 'Object'
    return {
      kind: 'object',
      ref,
      className,
      ...(subtype === undefined ? {} : { subtype }),
      description: className,
    }
  }

  #keep(party: string, value: Runtime): ObjectRef {
    return { party, id: `made${this.#made.push(value) - 1}` }
  }
}

const subtypes: Readonly<Record<string, string>> = {
  array: 'array',
  map: 'map',
  set: 'set',
  'weak map': 'weakmap',
  'typed array': 'typedarray',
  'array buffer': 'arraybuffer',
  proxy: 'proxy',
}

function native(name: string): string {
  return `function ${name}() { [native code] }`
}
