/** What a look leaves behind: the report on stderr, and a folder of files for people and machines. */
import { appendFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Diagnosis } from '../diagnosis/diagnosis.ts'
import { renderGithub } from '../report/github.ts'
import { renderJson } from '../report/json.ts'
import { renderMarkdown } from '../report/markdown.ts'
import { renderSarif } from '../report/sarif.ts'
import { renderText } from '../report/text.ts'
import { fileReason } from '../snapshot/file-errors.ts'
import type { Snapshot } from '../snapshot/model.ts'
import { redactedArguments } from '../snapshot/secrets.ts'
import type { Examination, NotExamined } from './examination.ts'
import { tell } from './notice.ts'

export interface About {
  readonly command: readonly string[]
  /** Why the tree was looked at, after "the command is". */
  readonly why: string
  /** Whether the tree is being ended. */
  readonly ended: boolean
}

/** Gives a sentence about what could not be written; undefined when all was. */
export async function writeReports(
  about: About,
  seen: Examination | NotExamined,
  folder: string,
): Promise<string | undefined> {
  const what = about.ended ? 'it is being ended' : 'it is left to itself'
  const head = `impasse: ${redactedArguments(about.command).join(' ')} is ${about.why}; ${what}\n`
  if ('why' in seen) {
    await tell(`${head}${seen.why}\n`)
    return writeAll(folder, [['report.txt', () => `${head}${seen.why}\n`]])
  }
  const { snapshot, diagnosis, failures } = seen
  const missing = failures.map(sentence => `${sentence}\n`).join('')
  const text = `${renderText(snapshot, diagnosis)}${missing && `\n${missing}`}`
  await tell(`${head}\n${text}`)
  const inActions = process.env.GITHUB_ACTIONS === 'true'
  if (inActions) await tell(renderGithub(snapshot, diagnosis))
  const problem = await writeAll(folder, files(head, text, snapshot, diagnosis))
  const summary = process.env.GITHUB_STEP_SUMMARY
  if (!inActions || summary === undefined) return problem
  return (await attempt(() => appendFile(summary, renderMarkdown(snapshot, diagnosis)))) ?? problem
}

type File = readonly [name: string, content: () => string | Promise<string>]

function files(head: string, text: string, snapshot: Snapshot, diagnosis: Diagnosis): readonly File[] {
  return [
    ['report.txt', () => `${head}\n${text}`],
    ['report.json', () => renderJson(snapshot, diagnosis)],
    ['report.md', () => renderMarkdown(snapshot, diagnosis)],
    ['report.sarif', () => renderSarif(snapshot, diagnosis)],
    ['report.html', async () => (await import('../report/html/html.tsx')).renderHtml(snapshot, diagnosis)],
    ['junit.xml', async () => (await import('../report/junit.ts')).renderJunit(snapshot, diagnosis)],
  ]
}

async function writeAll(folder: string, all: readonly File[]): Promise<string | undefined> {
  const problems: string[] = []
  const made = await attempt(() => mkdir(folder, { recursive: true }))
  if (made !== undefined) return made
  for (const [name, content] of all) {
    const problem = await attempt(async () => writeFile(join(folder, name), await content(), { mode: 0o600 }))
    if (problem !== undefined) problems.push(problem)
  }
  return problems[0]
}

async function attempt(work: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await work()
    return undefined
  } catch (error) {
    return `A report could not be written: ${fileReason(error)}.`
  }
}
