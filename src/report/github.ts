/** Annotations for GitHub Actions: one for each hang, at the line of the waiting call (workflow commands). */
import type { Diagnosis } from '../diagnosis/diagnosis.ts'
import { buildRoster, capital } from '../diagnosis/roster.ts'
import type { Snapshot } from '../snapshot/model.ts'
import { waitingPlaces } from './places.ts'
import { printable } from './printable.ts'

/** More are not shown for one step. */
const most = 10

export function renderGithub(snapshot: Snapshot, diagnosis: Diagnosis): string {
  const roster = buildRoster(snapshot)
  const lines = diagnosis.findings
    .filter(({ status }) => status !== null)
    .slice(0, most)
    .map(finding => {
      const [place] = waitingPlaces(finding, roster)
      const sure = finding.status === 'deadlock' || finding.status === 'suspected'
      const properties = [
        ...(place === undefined
          ? []
          : [`file=${property(place.file)}`, `line=${place.line}`, `col=${place.column}`]),
        `title=${property(`${finding.status}: ${finding.title}`)}`,
      ]
      return `::${sure ? 'error' : 'warning'} ${properties.join(',')}::${message(`${capital(finding.title)}.\n${finding.explanation}`)}`
    })
  return lines.map(line => `${line}\n`).join('')
}

/** As actions/toolkit escapes them (packages/core/src/command.ts). */
function message(text: string): string {
  return printable(text).replaceAll('%', '%25').replaceAll('\n', '%0A')
}

function property(text: string): string {
  return message(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}
