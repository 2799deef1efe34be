/** What objects are called by their constructors, and what their prototypes have. */
import type { Functions } from './functions.ts'
import type { Objects } from './objects.ts'
import { visitProperties } from './properties.ts'
import { shape } from './shapes.ts'

const LONGEST_CHAIN = 64

export class Classes {
  readonly #objects: Objects
  readonly #functions: Functions
  readonly #byPrototype = new Map<number, string>()

  constructor(objects: Objects, functions: Functions) {
    this.#objects = objects
    this.#functions = functions
  }

  /** The name of what `object.constructor` is by its prototypes; empty where there is none. */
  name(object: number): string {
    return this.nameByMap(this.#objects.map(object))
  }

  /** The same for all objects that have a map. */
  nameByMap(map: number): string {
    const prototype = this.#objects.target(map + this.#objects.fields.map.prototype)
    const known = this.#byPrototype.get(prototype)
    if (known !== undefined) return known
    const name = this.#find(prototype)
    this.#byPrototype.set(prototype, name)
    return name
  }

  /** The class whose method a function is, as what it was called on shows: one of its prototypes has it, or, for a static one, itself. */
  ofMethod(method: number, receiver: number): string | undefined {
    const objects = this.#objects
    const has = (object: number) => visitProperties(objects, object, slot => objects.target(slot) === method)
    if (!objects.isJavaScript(receiver)) return undefined
    if (objects.shape(receiver) === shape.function)
      return has(receiver) ? this.#nameOf(receiver) || undefined : undefined
    let at = this.prototype(receiver)
    for (let step = 0; at !== 0 && step < LONGEST_CHAIN; step++) {
      const maker = has(at) ? this.own(at, 'constructor') : 0
      if (maker !== 0) return this.#nameOf(objects.target(maker)) || undefined
      at = this.prototype(at)
    }
    return undefined
  }

  prototype(object: number): number {
    const target = this.#objects.target(this.#objects.map(object) + this.#objects.fields.map.prototype)
    return this.#objects.isJavaScript(target) ? target : 0
  }

  /** Where the value of a property stands; 0 when the object has none of this name. */
  own(object: number, property: string): number {
    let found = 0
    visitProperties(this.#objects, object, (slot, name) => {
      if (name() === property) found = slot
      return found !== 0
    })
    return found
  }

  has(object: number, property: string): boolean {
    if (!this.#objects.isJavaScript(object)) return false
    const wanted = [property, `get ${property}`, `set ${property}`]
    let at = object
    for (let step = 0; at !== 0 && step < LONGEST_CHAIN; step++) {
      if (visitProperties(this.#objects, at, (_, name) => wanted.includes(name()))) return true
      at = this.prototype(at)
    }
    return false
  }

  /** The function by this name that an object or one of its prototypes has. */
  method(object: number, name: string): number | undefined {
    const objects = this.#objects
    let at = objects.isJavaScript(object) ? object : 0
    for (let step = 0; at !== 0 && step < LONGEST_CHAIN; step++) {
      const slot = this.own(at, name)
      if (slot !== 0)
        return isCallable(objects.shape(objects.target(slot))) ? objects.target(slot) : undefined
      at = this.prototype(at)
    }
    return undefined
  }

  #find(prototype: number): string {
    const objects = this.#objects
    let at = prototype
    for (let step = 0; objects.isJavaScript(at) && step < LONGEST_CHAIN; step++) {
      const maker = this.own(at, 'constructor')
      const name = maker === 0 ? '' : this.#nameOf(objects.target(maker))
      if (name !== '') return name
      at = this.prototype(at)
    }
    return ''
  }

  #nameOf(maker: number): string {
    if (this.#objects.shape(maker) !== shape.function) return ''
    const { name } = this.#functions.code(maker)
    if (name !== '') return name
    const own = this.own(maker, 'name')
    return own === 0 ? '' : (this.#objects.text(this.#objects.target(own)) ?? '')
  }
}

function isCallable(code: number): boolean {
  return code === shape.function || code === shape.boundFunction
}
