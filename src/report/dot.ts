/** The waits-for graph in the language of Graphviz (graphviz.org/doc/info/lang.html). */
import type { Diagnosis } from '../diagnosis/diagnosis.ts'
import type { Snapshot } from '../snapshot/model.ts'
import { drawPicture, type Picture, type PictureArrow, type PictureNode } from './picture.ts'

const emphasis = 'color="#c62828", fontcolor="#c62828", penwidth=2'

/** Boxes wait, ellipses are waited for; a circle of a finding is red. */
export function renderDot(snapshot: Snapshot, diagnosis: Diagnosis): string {
  const { status, summary } = diagnosis.verdict
  return dotText(drawPicture(snapshot, diagnosis), `${status.toUpperCase()}: ${summary}`)
}

/** `linkOf`: what a node leads to, as a URL. */
export function dotText(
  { nodes, arrows, left }: Picture,
  title: string,
  linkOf: (node: PictureNode) => string | undefined = () => undefined,
): string {
  const lines = [
    'digraph impasse {',
    ...(title === '' ? [] : [`  graph [label=${quoted(title)}, labelloc=t];`]),
    '  graph [fontname=Arial, bgcolor=transparent];',
    '  node [fontname=Arial, fontsize=12, margin="0.2,0.08"];',
    '  edge [fontname=Arial, fontsize=10];',
    ...nodes.map(node => `  ${nodeText(node, linkOf(node))}`),
    ...arrows.map(arrow => `  ${arrowText(arrow)}`),
    ...(left > 0 ? [`  left [shape=plaintext, label=${quoted(`… and ${left} more that wait`)}];`] : []),
    '}',
  ]
  return `${lines.join('\n')}\n`
}

function nodeText({ name, kind, label, blamed }: PictureNode, link: string | undefined): string {
  const attributes = [
    `label=${quoted(label)}`,
    kind === 'party' ? 'shape=box, style=rounded' : 'shape=ellipse',
    `class="${kind}${blamed === undefined ? '' : ` blamed ${blamed}`}"`,
    ...(blamed === undefined ? [] : [emphasis]),
    ...(link === undefined ? [] : [`URL=${quoted(link)}`]),
  ]
  return `${name} [${attributes.join(', ')}];`
}

function arrowText({ from, to, label, sure, blamed }: PictureArrow): string {
  const attributes = [
    // Spaces keep it off the line.
    `label=${quoted(`  ${sure ? label : `probably ${label}`}  `)}`,
    ...(sure ? [] : ['style=dashed']),
    ...(blamed === undefined ? [] : [`class="blamed ${blamed}"`, emphasis]),
  ]
  return `${from} -> ${to} [${attributes.join(', ')}];`
}

/** Graphviz reads backslashes and HTML entities in a label. */
function quoted(text: string): string {
  return `"${text.replaceAll('&', '&amp;').replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', ' ')}"`
}
