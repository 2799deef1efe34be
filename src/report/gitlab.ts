/** GitLab's code quality report (docs.gitlab.com/ci/testing/code_quality): one entry for each hang, at the waiting call. */
import { createHash } from 'node:crypto'
import type { Diagnosis, Finding } from '../diagnosis/diagnosis.ts'
import { buildRoster, capital } from '../diagnosis/roster.ts'
import type { Snapshot } from '../snapshot/model.ts'
import { type FindingPlace, takingPlaces, waitingPlaces } from './places.ts'

const severities = { deadlock: 'blocker', suspected: 'critical', blocked: 'major', busy: 'major' } as const

export function renderGitlab(snapshot: Snapshot, diagnosis: Diagnosis): string {
  const roster = buildRoster(snapshot)
  const seen = new Map<string, number>()
  const entries = diagnosis.findings
    .filter(({ status }) => status !== null)
    .map(finding => {
      const places = waitingPlaces(finding, roster)
      const mark = fingerprint(finding, [...places, ...takingPlaces(finding, roster)])
      const count = (seen.get(mark) ?? 0) + 1
      seen.set(mark, count)
      const [place] = places
      return {
        description: `${capital(finding.title)}. ${finding.explanation.replaceAll('\n', ' ')}`,
        check_name: `impasse/${finding.kind}`,
        fingerprint: count === 1 ? mark : `${mark}-${count}`,
        severity: severities[finding.status as keyof typeof severities] ?? 'info',
        // A path is required; the folder stands for a hang whose place is not known.
        location: { path: place?.file ?? '.', lines: { begin: place?.line ?? 1 } },
      }
    })
  return `${JSON.stringify(entries, null, 2)}\n`
}

/** The same hang has the same mark in every run: kind and places, no pids. */
function fingerprint({ kind }: Finding, places: readonly FindingPlace[]): string {
  const text = [kind, ...places.map(({ file, line }) => `${file}:${line}`).sort()].join('\n')
  return createHash('sha256').update(text).digest('hex').slice(0, 32)
}
