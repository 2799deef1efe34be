/** Words that were read once may have changed a moment ago; what is told from their value needs a second reading. */
import type { LockFacts } from '../locks/recognise.ts'
import type { Resource, Wait } from '../snapshot/model.ts'

/** Whether a thread spins, or sleeps although its word has changed or is free, and the word was read only once. */
export function needsSecondReading({ resources, waits }: LockFacts): boolean {
  return resources.some(
    resource =>
      resource.word?.steady === undefined &&
      waits.some(wait => concerns(wait, resource) && (wait.spins === true || isThere(wait, resource))),
  )
}

function concerns({ request }: Wait, { id }: Resource): boolean {
  return JSON.stringify(request).includes(`"${id}"`)
}

function isThere({ expected, request }: Wait, { word, free }: Resource): boolean {
  if (request.kind === 'units' && typeof free === 'number' && free >= request.units) return true
  return word !== undefined && expected !== undefined && String(word.value) !== String(expected)
}
