/** Where a finding points: the waiting calls, and where what they wait for was taken. */
import type { Finding } from '../diagnosis/diagnosis.ts'
import { ownFrame } from '../diagnosis/doing.ts'
import { edgeSentence } from '../diagnosis/findings/edge-sentence.ts'
import { shortPath } from '../diagnosis/frame-text.ts'
import type { Roster } from '../diagnosis/roster.ts'
import { lastLook } from '../diagnosis/stay.ts'
import { type Frame, isUnknown, type Place, type Process, type Unknown } from '../snapshot/model.ts'

export interface FindingPlace {
  /** Relative to the working directory of its process when below it. */
  readonly file: string
  readonly line: number
  readonly column: number
  readonly text: string
}

/** The calls that wait, the most telling first; where no wait is known, the place where a party stands. */
export function waitingPlaces(finding: Finding, roster: Roster): readonly FindingPlace[] {
  const waits = finding.waits.flatMap(({ at, party, call }) =>
    placeOf(at, roster.processOf(party), `${roster.name(party)} waits in ${call || 'this call'}`),
  )
  if (waits.length > 0) return waits
  return finding.parties.flatMap(party => {
    const thread = roster.thread(party)
    const frame = thread && ownFrame(lastLook(thread)?.frames ?? [])
    return frame ? placeOf(frame, roster.processOf(party), `${roster.name(party)} stands here`) : []
  })
}

/** The calls that took what is waited for. */
export function takingPlaces(finding: Finding, roster: Roster): readonly FindingPlace[] {
  return finding.edges.flatMap(edge => {
    if (edge.by.kind !== 'hold') return []
    const { at, acquiredAt } = edge.by.hold
    return placeOf(
      isUnknown(acquiredAt) ? at : acquiredAt,
      roster.processOf(edge.to),
      edgeSentence(edge, roster),
    )
  })
}

function placeOf(
  at: Frame | Place | Unknown,
  process: Process | undefined,
  text: string,
): readonly FindingPlace[] {
  if (isUnknown(at) || isUnknown(at.file) || isUnknown(at.line)) return []
  const column = isUnknown(at.column) ? 1 : at.column
  return [{ file: shortPath(at.file, process), line: at.line, column, text }]
}
