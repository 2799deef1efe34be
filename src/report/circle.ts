/** The circle of those that wait for each other, drawn with box characters for a terminal. */
import type { Edge, Finding } from '../diagnosis/diagnosis.ts'
import { bare, type Roster } from '../diagnosis/roster.ts'
import { type Style, statusColor } from './style.ts'

/** A circle of one is told by its stack, and one of more is no picture any more. */
const mostParties = 6
const longestName = 60

/** Empty for a finding that is no circle, or one too large to be drawn. */
export function circle({ cycle, status }: Finding, roster: Roster, style: Style): readonly string[] {
  if (cycle.length < 2 || cycle.length > mostParties) return []
  const line = (text: string) => style(statusColor[status ?? 'blocked'], text)
  const rows = cycle.flatMap((edge, at) => {
    const isLast = at === cycle.length - 1
    return [
      `${line(at === 0 ? '┌─▶' : '│  ')} ${short(bare(roster.name(edge.from)))}`,
      `${line('│     │')} waits for ${short(edge.resource.label)}`,
      `${line(isLast ? '└─────┘' : '│     ▼')} ${verb(edge)}`,
    ]
  })
  return ['', ...rows.map(row => `    ${row}`)]
}

function verb({ by, sure }: Edge): string {
  if (by.kind === 'hold') return sure ? 'held by' : 'probably held by'
  return sure ? 'which would come from' : 'which would probably come from'
}

function short(text: string): string {
  return text.length > longestName ? `${text.slice(0, longestName - 1)}…` : text
}
