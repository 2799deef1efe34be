/** Markdown, for an issue, a chat, or the summary of a CI job. */
import type { Diagnosis } from '../diagnosis/diagnosis.ts'
import { buildRoster, capital } from '../diagnosis/roster.ts'
import { runningTest, testName } from '../diagnosis/running-test.ts'
import type { Snapshot } from '../snapshot/model.ts'
import { findingStacks } from './finding-stacks.ts'
import { printable } from './printable.ts'
import { styleFor } from './style.ts'
import { renderText } from './text.ts'

/** Findings told in full. */
const inFull = 5
/** A job summary may have 1 MiB (GitHub); the whole report is below that only when it is cut. */
const mostText = 500_000

export function renderMarkdown(snapshot: Snapshot, diagnosis: Diagnosis): string {
  const roster = buildRoster(snapshot)
  const { verdict, findings } = diagnosis
  const tests = snapshot.processes.flatMap(process => {
    const status = diagnosis.processes.find(({ process: id }) => id === process.id)?.status
    const test = status === verdict.status ? runningTest(process) : undefined
    return test === undefined ? [] : [`Test: ${code(testName(test, process.cwd))}`]
  })
  const told = findings.slice(0, inFull).map(finding => {
    const { title, explanation, doubts, advice } = finding
    return [
      ...(title === verdict.summary ? [] : [`### ${plain(`${finding.status ?? ''}: ${title}`)}`]),
      explanation.split('\n').map(plain).join('  \n'),
      fenced(findingStacks(finding, roster, styleFor(false)).join('\n')),
      ...(doubts.length > 0 ? [plain(`Why this is only suspected: ${doubts.join(' ')}`)] : []),
      `**What would break it:** ${plain(capital(advice))}.`,
    ]
      .filter(text => text !== '')
      .join('\n\n')
  })
  const more =
    findings.length > inFull ? [`… and ${findings.length - inFull} more findings in the whole report.`] : []
  const whole = renderText(snapshot, diagnosis)
  const text = whole.length > mostText ? `${whole.slice(0, mostText)}\n… cut` : whole
  return `${printable(
    [
      `## ${verdict.status.toUpperCase()}: ${plain(verdict.summary)}`,
      ...tests,
      ...told,
      ...more,
      `<details><summary>The whole report</summary>\n\n${fenced(text)}\n\n</details>`,
    ].join('\n\n'),
  )}\n`
}

function plain(text: string): string {
  return text.replace(/[\\`*_[\]<>|&]/g, character =>
    character === '<' ? '&lt;' : character === '&' ? '&amp;' : `\\${character}`,
  )
}

function code(text: string): string {
  return `\`${text.replaceAll('`', "'")}\``
}

/** The fence is longer than any run of backquotes in the text. */
function fenced(text: string): string {
  if (text.trim() === '') return ''
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length))
  const fence = '`'.repeat(longest + 1)
  return `${fence}text\n${text.replace(/^\n+|\n+$/g, '')}\n${fence}`
}
