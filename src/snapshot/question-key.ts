import type { ObjectRef, Question } from './question.ts'

/** Equal for equal questions, different for different ones. `idOf` names objects: as the party does by default. */
export function questionKey(
  question: Question,
  idOf: (object: ObjectRef) => string = object => object.id,
): string {
  const named = (object: ObjectRef) => `${object.party} ${idOf(object)}`
  switch (question.ask) {
    case 'value':
      return `value ${question.activation.party} ${question.activation.index} ${question.expression}`
    case 'on': {
      const others = (question.others ?? []).map(idOf).join()
      return `on ${named(question.object)} (${others}) ${question.expression}`
    }
    case 'word':
      return `word ${named(question.array)} ${question.index}`
    case 'closure':
    case 'place':
      return `${question.ask} ${named(question.function)}`
    case 'member':
      return `member ${named(question.object)} ${question.name}`
    case 'variable':
      return `variable ${named(question.function)} ${question.name}`
    case 'members':
      return `members ${named(question.object)}`
  }
}
