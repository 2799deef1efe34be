/** All that a diagnosis can be written as. Each is one file, which is loaded when it is asked for. */
import type { Diagnosis } from '../diagnosis/diagnosis.ts'
import type { Snapshot } from '../snapshot/model.ts'
import type { JsonOptions } from './json.ts'
import type { TextOptions } from './text.ts'

export interface RenderOptions extends TextOptions, JsonOptions {}

export type Renderer = (
  snapshot: Snapshot,
  diagnosis: Diagnosis,
  options: RenderOptions,
) => string | Promise<string>

export interface Format {
  /** For `--format list`. */
  readonly about: string
  readonly load: () => Promise<Renderer>
}

export type FormatName =
  | 'text'
  | 'json'
  | 'markdown'
  | 'html'
  | 'dot'
  | 'mermaid'
  | 'junit'
  | 'sarif'
  | 'github'
  | 'gitlab'
  | 'speedscope'
  | 'firefox'

export const formats: Readonly<Record<FormatName, Format>> = {
  text: { about: 'for a person at a terminal', load: async () => (await import('./text.ts')).renderText },
  json: {
    about: 'for a program (schema/report.schema.json), with the snapshot inside',
    load: async () => (await import('./json.ts')).renderJson,
  },
  markdown: {
    about: 'for an issue, a chat, a job summary',
    load: async () => (await import('./markdown.ts')).renderMarkdown,
  },
  html: {
    about: 'one page with the picture and all stacks, for a browser',
    load: async () => (await import('./html/html.tsx')).renderHtml,
  },
  dot: { about: 'who waits for whom, for Graphviz', load: async () => (await import('./dot.ts')).renderDot },
  mermaid: {
    about: 'who waits for whom, as a picture in an issue',
    load: async () => (await import('./mermaid.ts')).renderMermaid,
  },
  junit: { about: 'test results of CI', load: async () => (await import('./junit.ts')).renderJunit },
  sarif: {
    about: 'code scanning and editors (SARIF 2.1.0)',
    load: async () => (await import('./sarif.ts')).renderSarif,
  },
  github: {
    about: 'annotations of a GitHub Actions job',
    load: async () => (await import('./github.ts')).renderGithub,
  },
  gitlab: {
    about: 'code quality report of GitLab',
    load: async () => (await import('./gitlab.ts')).renderGitlab,
  },
  speedscope: {
    about: 'the looks as samples, for speedscope.app',
    load: async () => (await import('./speedscope.ts')).renderSpeedscope,
  },
  firefox: {
    about: 'the looks as samples, for profiler.firefox.com',
    load: async () => (await import('./firefox.ts')).renderFirefox,
  },
}

export function isFormatName(name: string): name is FormatName {
  return Object.hasOwn(formats, name)
}

/** What `--format list` prints. */
export function formatList(): string {
  return Object.entries(formats)
    .map(([name, { about }]) => `${name.padEnd(12)}${about}\n`)
    .join('')
}

/** A diagnosis in one of the formats. */
export async function render(
  snapshot: Snapshot,
  diagnosis: Diagnosis,
  format: FormatName = 'text',
  options: RenderOptions = {},
): Promise<string> {
  return (await formats[format].load())(snapshot, diagnosis, options)
}
