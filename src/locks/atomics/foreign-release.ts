import { declarationOf } from '../../sources/scopes.ts'
import type { Syntax } from '../../sources/syntax.ts'
import { isFunction, type Node } from '../../sources/syntax-tree.ts'
import type { Acquiring } from './acquiring.ts'
import { isCallback } from './callback.ts'
import type { Place } from './function-catalogue.ts'
import { gives } from './netting.ts'
import { stepsOf } from './steps.ts'
import { rootOf } from './through-call.ts'

/**
 * A callback that sets a word free and wakes who sleeps for it, over an array that nobody takes a lock on in that place:
 * another thread's view of the memory, by which a watchdog breaks the locks of workers. Which memory it is, the source
 * alone does not tell.
 */
export function foreignRelease(functions: readonly Place[], acquiring: Acquiring): Place | undefined {
  const taken = new Set(functions.flatMap(place => takenIn(place)))
  return functions.find(place => {
    const { syntax, owner } = place
    if (!isFunction(owner) || !isCallback(syntax, owner, functions)) return false
    const { steps, operations } = stepsOf(syntax, owner)
    if (steps.some(({ kind }) => kind === 'acquire' || kind === 'try')) return false
    if (!operations.some(({ name }) => name === 'notify')) return false
    return steps.some(step => {
      if (step.kind !== 'change' || !gives(acquiring, step.change)) return false
      const array = arrayOf(syntax, step.array)
      return array !== undefined && !taken.has(array)
    })
  })
}

/** The arrays, as they are declared, that a function takes locks on. */
function takenIn({ syntax, owner }: Place): readonly Node[] {
  return stepsOf(syntax, owner).steps.flatMap(step => {
    const array = step.kind === 'acquire' || step.kind === 'try' ? arrayOf(syntax, step.array) : undefined
    return array === undefined ? [] : [array]
  })
}

/** The declaration of the name that an array is reached by; undefined for one of an object of its own. */
function arrayOf(syntax: Syntax, array: Node): Node | undefined {
  const root = rootOf(array)
  return root.type === 'Identifier' ? declarationOf(syntax, root.name, root)?.identifier : undefined
}
