/** A finding as plain text, for formats that hold it in one field. */
import type { Finding, Verdict } from '../diagnosis/diagnosis.ts'
import type { Roster } from '../diagnosis/roster.ts'
import { findingStacks } from './finding-stacks.ts'
import { styleFor } from './style.ts'

/** `DEADLOCK: main thread re-enters a lock that it already holds`. */
export function headlineText({ status, summary }: Verdict): string {
  return `${status.toUpperCase()}: ${summary}`
}

/** The sentences, the stacks, and what would break it. */
export function findingText(finding: Finding, roster: Roster): string {
  const { status, title, explanation, advice, doubts } = finding
  return [
    headlineText({ status: status ?? 'healthy', summary: title }),
    '',
    explanation,
    ...findingStacks(finding, roster, styleFor(false)),
    '',
    ...(doubts.length > 0 ? [`Why this is only suspected: ${doubts.join(' ')}`] : []),
    `What would break it: ${advice}.`,
  ].join('\n')
}
