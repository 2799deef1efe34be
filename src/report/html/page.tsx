/** The page: verdict, picture, findings, threads, what could not be seen. */
import type { Diagnosis } from '../../diagnosis/diagnosis.ts'
import { duration } from '../../diagnosis/doing.ts'
import { capital, counted, processName, type Roster } from '../../diagnosis/roster.ts'
import { runningTest, testName } from '../../diagnosis/running-test.ts'
import { isUnknown, type Snapshot } from '../../snapshot/model.ts'
import { toldGaps } from '../gaps.ts'
import { Findings } from './findings.tsx'
import { Threads } from './threads.tsx'

interface PageProps {
  readonly snapshot: Snapshot
  readonly diagnosis: Diagnosis
  readonly roster: Roster
  /** The graph; empty where nobody waits. */
  readonly svg: string
  /** Content-Security-Policy. */
  readonly policy: string
  readonly style: string
  readonly script: string
}

export function Page({ snapshot, diagnosis, roster, svg, policy, style, script }: PageProps) {
  const { verdict, findings } = diagnosis
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content={policy} />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{`${verdict.status.toUpperCase()}: ${verdict.summary}`}</title>
        {/* A constant of ours, named by its hash. */}
        <style dangerouslySetInnerHTML={{ __html: style }} />
      </head>
      <body>
        <header>
          <h1>
            <span class={`status ${verdict.status}`}>{verdict.status}</span> {capital(verdict.summary)}
          </h1>
          <Facts snapshot={snapshot} diagnosis={diagnosis} />
        </header>
        <main>
          <Findings findings={findings} headline={verdict.summary} roster={roster} />
          {svg !== '' && (
            <figure>
              {/* Made by Graphviz, which escapes all labels. */}
              <div class="picture" dangerouslySetInnerHTML={{ __html: svg }} />
              <figcaption>
                Boxes wait for ellipses, and ellipses are held by boxes or brought by them; dashed: not sure.
                A box leads to its stack.
              </figcaption>
            </figure>
          )}
          <Threads snapshot={snapshot} diagnosis={diagnosis} roster={roster} />
          <Gaps snapshot={snapshot} />
        </main>
        {/* A constant of ours, named by its hash. */}
        <script dangerouslySetInnerHTML={{ __html: script }} />
      </body>
    </html>
  )
}

function Facts({ snapshot, diagnosis }: Pick<PageProps, 'snapshot' | 'diagnosis'>) {
  const { processes, capturedAt, looks, cost, tool } = snapshot
  return (
    <>
      <ul class="facts">
        {processes.map(process => {
          const { runtime, argv, id } = process
          const version = isUnknown(runtime.version) ? '' : ` ${runtime.version}`
          const own = diagnosis.processes.find(verdict => verdict.process === id)
          const test = runningTest(process)
          return (
            <li>
              {processes.length > 1 && own && <span class={`status ${own.status}`}>{own.status}</span>}{' '}
              process {processName(process)}, {runtime.name === 'node' ? `node${version}` : 'not Node'}:{' '}
              <code>{argv.join(' ')}</code>
              {test && <div>In the test {testName(test, process.cwd)}</div>}
            </li>
          )
        })}
      </ul>
      <p class="quiet">
        Seen on <time dateTime={capturedAt}>{capturedAt}</time> in {counted(looks, 'look')},{' '}
        {duration(cost.wallMs)} in all, by {tool.name} {tool.version}
      </p>
    </>
  )
}

function Gaps({ snapshot }: Pick<PageProps, 'snapshot'>) {
  const gaps = toldGaps(snapshot)
  if (gaps.length === 0) return null
  return (
    <section aria-labelledby="gaps">
      <h2 id="gaps">Not seen</h2>
      <ul>
        {gaps.map(({ of, what, reason, remedy }) => (
          <li>
            {capital(`${of}${what}`)}: {reason}
            {remedy !== '' && <div class="quiet">To see it: {remedy}</div>}
          </li>
        ))}
      </ul>
    </section>
  )
}
