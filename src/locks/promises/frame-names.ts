/** What a suspended function brings about, by its frame. */
import { type Frame, isUnknown } from '../../snapshot/model.ts'

/** `the return of Ledger.post (ledger.js:12)` */
export function returnOf(frame: Frame): string {
  if (frame.function !== '(module)') return `the return of ${nameOf(frame)}`
  return isUnknown(frame.file)
    ? 'the evaluation of a module'
    : `the evaluation of ${frame.file.split('/').at(-1)}`
}

/** `Ledger.post (ledger.js:12)`. */
function nameOf(frame: Frame): string {
  const named = frame.function !== '' && frame.function !== '(anonymous)'
  const name = named ? frame.function : 'an anonymous function'
  const owner = typeof frame.class === 'string' && frame.class !== '' ? `${frame.class}.` : ''
  const file = isUnknown(frame.file) ? undefined : frame.file.split('/').at(-1)
  return file === undefined || isUnknown(frame.line)
    ? `${owner}${name}`
    : `${owner}${name} (${file}:${frame.line})`
}
