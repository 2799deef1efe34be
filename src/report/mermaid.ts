/** The waits-for graph as a Mermaid flowchart (mermaid.js.org/syntax/flowchart.html): it pastes into an issue. */
import type { Diagnosis } from '../diagnosis/diagnosis.ts'
import type { Snapshot } from '../snapshot/model.ts'
import { drawPicture } from './picture.ts'

/** Larger ones are refused by Mermaid's own limits. */
const mostParties = 50

/** Rounded boxes wait, stadiums are waited for; a circle of a finding is red. */
export function renderMermaid(snapshot: Snapshot, diagnosis: Diagnosis): string {
  const { nodes, arrows, left } = drawPicture(snapshot, diagnosis, mostParties)
  const blamedNodes = nodes.filter(({ blamed }) => blamed !== undefined).map(({ name }) => name)
  const blamedArrows = arrows.flatMap(({ blamed }, at) => (blamed === undefined ? [] : [at]))
  const lines = [
    'flowchart LR',
    `  verdict["${escaped(`${diagnosis.verdict.status.toUpperCase()}: ${diagnosis.verdict.summary}`)}"]:::verdict`,
    ...nodes.map(({ name, kind, label }) =>
      kind === 'party' ? `  ${name}("${escaped(label)}")` : `  ${name}(["${escaped(label)}"])`,
    ),
    ...arrows.map(({ from, to, label, sure }) =>
      sure ? `  ${from} -->|${label}| ${to}` : `  ${from} -.->|probably ${label}| ${to}`,
    ),
    ...(left > 0 ? [`  left["… and ${left} more that wait"]:::verdict`] : []),
    '  classDef verdict fill:none,stroke:none',
    ...(blamedNodes.length > 0
      ? ['  classDef blamed stroke:#c62828,stroke-width:3px', `  class ${blamedNodes.join(',')} blamed`]
      : []),
    ...(blamedArrows.length > 0
      ? [`  linkStyle ${blamedArrows.join(',')} stroke:#c62828,stroke-width:3px`]
      : []),
  ]
  return `${lines.join('\n')}\n`
}

/** Within quotes, Mermaid reads Markdown, HTML and entities of its own: `#35;`. */
function escaped(text: string): string {
  return text.replace(/[^\p{L}\p{N} .,:()/-]/gu, character => `#${character.codePointAt(0)};`)
}
