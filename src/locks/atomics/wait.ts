import type { Request, Wait } from '../../snapshot/model.ts'
import { known } from './environment.ts'
import { allReaders } from './units.ts'
import type { Waiter } from './waiter.ts'

/** A waiter in the model's words. */
export function waitOf(
  resource: string,
  waiter: Waiter,
  isLock: boolean,
  kind: string,
  staysTaken: boolean,
): Wait {
  const shared = waiter.acquiring?.mode === 'shared'
  const units = kind === 'read-write lock' && !shared ? allReaders : 1
  const base: Request = !isLock
    ? { kind: 'produced', resource }
    : kind === 'read-write lock'
      ? { kind: 'units', resource, units, mode: shared ? 'shared' : 'exclusive' }
      : { kind: 'units', resource, units }
  const { timeout } = waiter
  const deadline: Request | undefined =
    timeout === null
      ? undefined
      : { kind: 'deadline', inMs: typeof timeout === 'number' ? timeout : null, leaves: !waiter.retried }
  const doubt = doubtOf(waiter, staysTaken)
  return {
    party: waiter.party,
    request: deadline ? { kind: 'anyOf', requests: [base, deadline] } : base,
    call: waiter.callText,
    ...(waiter.spins && { spins: true }),
    ...(waiter.expected !== undefined && { expected: waiter.expected }),
    at: waiter.at.activation.frame,
    frame: waiter.at.activation.index,
    sure: doubt === undefined,
    how: 'observed',
    evidence: waiter.spins
      ? `it runs in a loop that tries \`${waiter.callText}\``
      : `its innermost frame stands in \`${waiter.callText}\`${isLock ? `, in code that takes the word by ${verb(waiter)}` : ''}`,
    ...(doubt !== undefined && { doubt }),
  }
}

/** The same wait where something besides the holders may end it. */
export function orFrom(wait: Wait, what: string): Wait {
  const { request } = wait
  const outside: Request = { kind: 'outside', what }
  const requests = request.kind === 'anyOf' ? [...request.requests, outside] : [request, outside]
  return { ...wait, request: { kind: 'anyOf', requests } }
}

/** A wait on memory of its own: nothing but its time limit ends it. */
export function sleepOf(waiter: Waiter): Wait {
  const { timeout, at } = waiter
  return {
    party: waiter.party,
    request: { kind: 'deadline', inMs: typeof timeout === 'number' ? timeout : null, leaves: true },
    call: waiter.callText,
    at: at.activation.frame,
    frame: at.activation.index,
    sure: true,
    how: 'observed',
    evidence: 'it waits on memory that was made for this one call: it sleeps until its time limit',
  }
}

function verb(waiter: Waiter): string {
  const { lock, mode } = waiter.acquiring!
  if (lock === 'ticket lock') return 'drawing a ticket'
  if (lock === 'semaphore') return 'counting it down'
  return mode === 'shared' ? 'counting a reader in' : 'an atomic exchange'
}

/** S4: a word that no longer has the expected value is on its way, or its wake-up was lost. */
function doubtOf(waiter: Waiter, staysTaken: boolean): string | undefined {
  if (waiter.spins && !staysTaken)
    return 'a running thread may be about to succeed: only equal looks show that it does not'
  const word = known(waiter.parkedOn)
  if (!('known' in waiter.word)) return 'the word that it waits for could not be read'
  if (word && waiter.expected !== undefined && Number(word.value) !== waiter.expected)
    return `the word is ${word.value} and no longer ${waiter.expected}: it may be waking up`
  return undefined
}
