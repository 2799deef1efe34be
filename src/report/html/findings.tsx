/** What was found, in sentences, with those behind it folded. */
import type { Finding } from '../../diagnosis/diagnosis.ts'
import { capital, partyCount, type Roster } from '../../diagnosis/roster.ts'
import { anchor } from './thread-groups.ts'

/** Findings told in full; the rest has a line each. */
const inFull = 20

interface FindingsProps {
  readonly findings: readonly Finding[]
  /** The title that stands above already. */
  readonly headline: string
  readonly roster: Roster
}

export function Findings({ findings, headline, roster }: FindingsProps) {
  return (
    <>
      {findings.slice(0, inFull).map(finding => (
        <section class="finding">
          {finding.title !== headline && <Title finding={finding} />}
          {finding.explanation.split('\n').map(line => (
            <p>{line}</p>
          ))}
          <p>
            <Parties label="Stacks: " parties={finding.parties.slice(0, 12)} roster={roster} />
          </p>
          {finding.victims.length > 0 && (
            <details>
              <summary>
                {partyCount(finding.victims, roster, 'other ')}{' '}
                {finding.victims.length === 1 ? 'waits' : 'wait'} behind it
              </summary>
              <p>
                <Parties label="" parties={finding.victims} roster={roster} />
              </p>
            </details>
          )}
          {finding.doubts.length > 0 && <p>Why this is only suspected: {finding.doubts.join(' ')}</p>}
          <p class="advice">
            <strong>What would break it:</strong> {finding.advice}.
          </p>
        </section>
      ))}
      {findings.slice(inFull).map(finding => (
        <Title finding={finding} />
      ))}
    </>
  )
}

function Title({ finding: { status, title } }: { readonly finding: Finding }) {
  return (
    <h3>
      {status !== null && <span class={`status ${status}`}>{status}</span>} {capital(title)}
    </h3>
  )
}

interface PartiesProps {
  readonly label: string
  readonly parties: readonly string[]
  readonly roster: Roster
}

/** Each leads to its stack. */
function Parties({ label, parties, roster }: PartiesProps) {
  return (
    <>
      {label}
      {parties.map((party, at) => {
        const thread = roster.threadOf(party)
        return (
          <>
            {at > 0 && ', '}
            {thread ? <a href={`#${anchor(thread.id)}`}>{roster.name(party)}</a> : roster.name(party)}
          </>
        )
      })}
    </>
  )
}
