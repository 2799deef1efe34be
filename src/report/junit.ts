/** JUnit XML: one suite, one case for each process that hangs, named after the test that it runs. */
import junit, { type Builder } from 'junit-report-builder'
import type { Diagnosis } from '../diagnosis/diagnosis.ts'
import { buildRoster } from '../diagnosis/roster.ts'
import { runningTest, testName } from '../diagnosis/running-test.ts'
import { isUnknown, type Process, type Snapshot } from '../snapshot/model.ts'
import { findingText, headlineText } from './finding-text.ts'

const hangs = new Set(['deadlock', 'suspected', 'blocked', 'busy'])

export function renderJunit(snapshot: Snapshot, diagnosis: Diagnosis): string {
  const roster = buildRoster(snapshot)
  const report = (junit as unknown as Builder).newBuilder()
  const suite = report.testSuite().name('impasse').timestamp(new Date(snapshot.capturedAt))
  const { processes } = snapshot
  const blamed = new Set(
    diagnosis.findings.flatMap(({ parties }) => parties.map(party => roster.processOf(party)?.id)),
  )
  const victims = new Set(
    diagnosis.findings.flatMap(({ victims }) => victims.map(party => roster.processOf(party)?.id)),
  )
  // What only waits for the end of one that hangs (a shell, npm) is no case of its own.
  const worst = diagnosis.processes.filter(
    ({ status, process }) => hangs.has(status) && (blamed.has(process) || !victims.has(process)),
  )
  for (const verdict of worst.length > 0 ? worst : diagnosis.processes.slice(0, 1)) {
    const process = processes.find(({ id }) => id === verdict.process)
    if (process === undefined) continue
    const test = runningTest(process)
    const entry = suite.testCase().className('impasse').name(caseName(process))
    if (test !== undefined) entry.file(test.file)
    if (!hangs.has(verdict.status)) continue
    const findings = diagnosis.findings.filter(({ parties, victims }) =>
      [...parties, ...victims].some(party => roster.processOf(party)?.id === process.id),
    )
    const text = findings.map(finding => findingText(finding, roster)).join('\n\n')
    entry.failure(headlineText(verdict), verdict.status)
    if (text !== '') entry.standardError(printable(text))
  }
  // No published schema has this attribute there.
  return report.build().replace(/^(<testsuites\b[^>]*) skipped="\d+"/m, '$1')
}

function caseName(process: Process): string {
  const test = runningTest(process)
  if (test !== undefined) return testName(test, process.cwd)
  const { runtime, argv } = process
  return `${isUnknown(runtime.version) ? '' : `node ${runtime.version}: `}${argv.join(' ')}`
}

/** XML 1.0 has no place for most control characters, not even escaped; xmlbuilder splits only the first `]]>`. */
function printable(text: string): string {
  return text
    .replace(/[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu, '?')
    .replaceAll(']]>', ']] >')
}
