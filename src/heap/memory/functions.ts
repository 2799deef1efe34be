/** The code of functions: name, place in a script, builtin; and the place at which a suspended one stands. */
import { positionAt } from '../../memory/v8/position-table.ts'
import { functionName, functionRange, Script, scriptOf } from '../../memory/v8/scripts.ts'
import type { HeapFunction, HeapPlace } from '../graph.ts'
import type { Builtins } from './builtins.ts'
import type { Objects } from './objects.ts'
import { shape } from './shapes.ts'

interface KnownScript {
  readonly script: Script
  readonly name: string
  readonly id: number
}

export class Functions {
  readonly #objects: Objects
  readonly #builtins: Builtins
  readonly #code = new Map<number, HeapFunction>()
  readonly #scripts = new Map<number, KnownScript>()
  readonly #byId = new Map<number, Script>()

  constructor(objects: Objects, builtins: Builtins) {
    this.#objects = objects
    this.#builtins = builtins
  }

  /** The code of a function object. */
  code(object: number): HeapFunction {
    return this.describe(this.shared(object))
  }

  /** V8's description (SharedFunctionInfo) of a function object, 0 where there is none. */
  shared(object: number): number {
    const shared = this.#objects.target(object + this.#objects.fields.function.shared)
    return this.#objects.type(shared) === this.#objects.layout.type.SHARED_FUNCTION_INFO ? shared : 0
  }

  /** The code that a SharedFunctionInfo describes. */
  describe(shared: number): HeapFunction {
    const known = this.#code.get(shared)
    if (known !== undefined) return known
    const code = shared === 0 ? { name: '' } : this.#read(shared)
    this.#code.set(shared, code)
    return code
  }

  /** The number of the builtin behind a SharedFunctionInfo. */
  builtinId(shared: number): number | undefined {
    for (const at of this.#objects.fields.sharedData) {
      const id = this.#objects.smi(shared + at)
      if (id !== undefined && id > 0 && this.#objects.target(shared + at) === 0) return id
    }
    return undefined
  }

  builtinName(shared: number): string | undefined {
    const id = this.builtinId(shared)
    return id === undefined ? undefined : this.#builtins.names[id]
  }

  /** Where an offset in the text of a function's script is. */
  place(shared: number, offset: number): HeapPlace | undefined {
    const known = this.#script(shared)
    const position = known?.script.position(offset)
    return known && position && { script: known.name, scriptId: known.id, ...position }
  }

  /** The place that belongs to an instruction of a suspended function: `position` as the generator object has it. */
  suspendedAt(shared: number, position: number): HeapPlace | undefined {
    const { heap, layout } = this.#objects
    const bytecodes = this.#bytecodes(shared)
    if (bytecodes === undefined) return undefined
    const table = heap.byteArray(heap.pointer(bytecodes, layout.field.bytecodePositions))
    // The offset is counted from the object's tagged address, of which the header is left out here.
    const offset = position - (layout.field.bytecodeData - 1)
    const found = table && offset >= 0 ? positionAt(table, offset, layout.positionTable) : undefined
    return found && this.place(shared, found.offset)
  }

  /** How many registers a function's frame has; undefined where its bytecode is gone. */
  registers(shared: number): number | undefined {
    const { heap, fields } = this.#objects
    const bytecodes = this.#bytecodes(shared)
    const size = bytecodes === undefined ? undefined : heap.int32(bytecodes, fields.bytecodeFrameSize)
    return size === undefined || size < 0 || size % 8 !== 0 ? undefined : size / 8
  }

  source(scriptId: number): string | undefined {
    return this.#byId.get(scriptId)?.text
  }

  /** All scripts by their ids. */
  addScript(object: number): void {
    this.#known(object)
  }

  #read(shared: number): HeapFunction {
    const { heap } = this.#objects
    const tagged = this.#objects.tagged(shared)
    const builtin = this.builtinName(shared)
    const name = functionName(heap, tagged) ?? ''
    if (this.#script(shared) === undefined) return builtin === undefined ? { name } : { name, builtin }
    const range = functionRange(heap, tagged)
    const place = range && this.place(shared, range.start)
    return {
      name,
      ...(range === undefined ? {} : { range }),
      ...(place === undefined ? {} : { place }),
      ...(builtin === undefined ? {} : { builtin }),
    }
  }

  #script(shared: number): KnownScript | undefined {
    const { heap } = this.#objects
    const object = this.#objects.fromTagged(scriptOf(heap, this.#objects.tagged(shared)))
    return object === 0 ? undefined : this.#known(object)
  }

  #known(object: number): KnownScript {
    const known = this.#scripts.get(object)
    if (known !== undefined) return known
    const script = new Script(this.#objects.heap, this.#objects.tagged(object))
    const id = this.#objects.smi(object + this.#objects.fields.script.id) ?? -1
    const made = { script, name: script.name ?? '', id }
    this.#scripts.set(object, made)
    this.#byId.set(id, script)
    return made
  }

  /** The BytecodeArray of a function: its own, or that behind code of Sparkplug or a copy of the interpreter's entry. */
  #bytecodes(shared: number): number | undefined {
    const { heap, layout, fields } = this.#objects
    const tagged = this.#objects.tagged(shared)
    const find = (object: number | undefined, depth: number): number | undefined => {
      if (object === undefined || heap.is(object, 'BYTECODE_ARRAY')) return object
      const type = heap.typeOf(object)
      const leadsOn = type === layout.types.get('INTERPRETER_DATA') || type === layout.type.CODE
      if (!leadsOn || depth === 0) return undefined
      for (let at = 8; at <= 40; at += 8) {
        const found = find(heap.pointer(object, at), depth - 1)
        if (found !== undefined) return found
      }
      return undefined
    }
    for (const at of fields.sharedData) {
      const found = find(heap.pointer(tagged, 8 * at), 2)
      if (found !== undefined) return found
    }
    return undefined
  }

  isFunction(object: number): boolean {
    return this.#objects.shape(object) === shape.function
  }
}
