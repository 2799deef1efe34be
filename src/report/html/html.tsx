/** One page that needs nothing else: no network, no framework, no server. */
import { createHash } from 'node:crypto'
import { instance } from '@viz-js/viz'
import { renderToStaticMarkup } from 'preact-render-to-string'
import type { Diagnosis } from '../../diagnosis/diagnosis.ts'
import { buildRoster } from '../../diagnosis/roster.ts'
import type { Snapshot } from '../../snapshot/model.ts'
import { dotText } from '../dot.ts'
import { drawPicture } from '../picture.ts'
import { printable } from '../printable.ts'
import { Page } from './page.tsx'
import { pageScript } from './page-script.ts'
import { pageStyle } from './page-style.ts'
import { anchor } from './thread-groups.ts'

/** A larger picture is no longer read, and takes seconds to lay out. */
const mostParties = 60

export async function renderHtml(snapshot: Snapshot, diagnosis: Diagnosis): Promise<string> {
  const roster = buildRoster(snapshot)
  const picture = drawPicture(snapshot, diagnosis, mostParties)
  const dot = dotText(picture, '', ({ id }) => {
    const thread = roster.threadOf(id)
    return thread && `#${anchor(thread.id)}`
  })
  const svg =
    picture.arrows.length > 0 ? onlySvg((await instance()).renderString(dot, { format: 'svg' })) : ''
  const page = renderToStaticMarkup(
    <Page
      snapshot={snapshot}
      diagnosis={diagnosis}
      roster={roster}
      svg={svg}
      policy={policy}
      style={pageStyle}
      script={pageScript}
    />,
  )
  return printable(`<!doctype html>\n${page}\n`)
}

/** Nothing may be loaded, and nothing may run but our own script: whatever stands in a snapshot is text. */
const policy = [
  "default-src 'none'",
  `style-src ${hash(pageStyle)}`,
  `script-src ${hash(pageScript)}`,
  "base-uri 'none'",
  "form-action 'none'",
].join('; ')

/** How a Content-Security-Policy names an element by its text (w3.org/TR/CSP3). */
function hash(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`
}

/** Without the head of an XML document, and without names that only Graphviz knows. */
function onlySvg(document: string): string {
  return document
    .slice(document.indexOf('<svg'))
    .replace('<svg ', '<svg role="group" aria-label="Who waits for whom" ')
    .replace(/<!--[^>]*-->\n?/g, '')
    .replace(/<title>[^<]*<\/title>\n?/g, '')
}
