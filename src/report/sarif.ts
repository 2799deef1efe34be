/** SARIF 2.1.0 (OASIS): findings with places, for code scanning and editors. */
import type { Diagnosis, Finding, FindingKind } from '../diagnosis/diagnosis.ts'
import { buildRoster, capital, type Roster } from '../diagnosis/roster.ts'
import type { Snapshot } from '../snapshot/model.ts'
import { type FindingPlace, takingPlaces, waitingPlaces } from './places.ts'

const rules: Readonly<Record<FindingKind, string>> = {
  reentrancy: 'A party waits for a lock that it holds itself',
  cycle: 'Parties wait for each other in a circle',
  exhaustion: 'All units are held by those who wait for more of them',
  'cross-process': 'Processes wait for each other in a circle',
  stranded: 'Nothing can wake the process any more',
  'orphaned-lock': 'A lock is taken and nobody is left to release it',
  'lost-wakeup': 'A wake-up was lost, or will never be sent',
  'threadpool-starvation': 'All threads of the pool wait for work that only the pool can do',
  'native-block': 'A thread is blocked in a call of the system or of native code',
  'busy-loop': 'One call from the event loop does not come back',
  'spin-wait': 'A thread spins for a lock that is not given back',
  'lock-order': 'Locks are taken in orders that can deadlock',
}

export function renderSarif(snapshot: Snapshot, diagnosis: Diagnosis): string {
  const roster = buildRoster(snapshot)
  const kinds = [...new Set(diagnosis.findings.map(({ kind }) => kind))]
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: snapshot.tool.name,
            version: snapshot.tool.version,
            rules: kinds.map(kind => ({ id: kind, shortDescription: { text: rules[kind] } })),
          },
        },
        columnKind: 'utf16CodeUnits',
        results: diagnosis.findings.map(finding => result(finding, roster)),
      },
    ],
  }
  return `${JSON.stringify(log, null, 2)}\n`
}

function result(finding: Finding, roster: Roster) {
  const { kind, status, title, explanation, advice } = finding
  return {
    ruleId: kind,
    level: status === 'deadlock' || status === 'suspected' ? 'error' : status === null ? 'note' : 'warning',
    message: { text: `${capital(title)}.\n${explanation}\nWhat would break it: ${advice}.` },
    // A log with many locations for one result is read as one problem seen in many places.
    locations: waitingPlaces(finding, roster).slice(0, 1).map(location),
    relatedLocations: [...waitingPlaces(finding, roster).slice(1), ...takingPlaces(finding, roster)].map(
      (place, id) => ({ id, ...location(place), message: { text: place.text } }),
    ),
  }
}

function location({ file, line, column }: FindingPlace) {
  return {
    physicalLocation: {
      artifactLocation: { uri: uriOf(file) },
      region: { startLine: line, startColumn: column },
    },
  }
}

/** A relative path is a relative URI once its parts are escaped (RFC 3986). */
function uriOf(file: string): string {
  const path = file.split('/').map(encodeURIComponent).join('/')
  return file.startsWith('/') ? `file://${path}` : /^[a-z]+:/i.test(file) ? file : path
}
