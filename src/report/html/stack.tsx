/** A stack as a list: those frames folded that the reader did not write. */
import { functionName, placeText } from '../../diagnosis/frame-text.ts'
import { counted } from '../../diagnosis/roster.ts'
import type { Frame, Process } from '../../snapshot/model.ts'

interface StackProps {
  readonly frames: readonly Frame[]
  readonly process: Process
  /** So many frames are shown, the rest is counted. */
  readonly most: number
}

export function Stack({ frames, process, most }: StackProps) {
  if (frames.length === 0) return <p class="quiet">No JavaScript on its stack, as far as it was seen.</p>
  const left = frames.length - most
  return (
    <ol class="stack">
      {runs(frames.slice(0, most)).map(({ own, frames: run }) =>
        own ? (
          run.map(frame => (
            <li>
              <FrameLine frame={frame} process={process} />
            </li>
          ))
        ) : (
          <li>
            <details class="folded">
              <summary>{counted(run.length, 'frame')} of Node and dependencies</summary>
              {run.map(frame => (
                <div>
                  <FrameLine frame={frame} process={process} />
                </div>
              ))}
            </details>
          </li>
        ),
      )}
      {left > 0 && <li class="quiet">… and {counted(left, 'frame')} more, in the JSON report</li>}
    </ol>
  )
}

function FrameLine({ frame, process }: { readonly frame: Frame; readonly process: Process }) {
  const place = placeText(frame, process)
  const { via, generated, sourceLine, sourceChanged } = frame
  return (
    <>
      <code class="function">{functionName(frame)}</code> <code class="place">{place}</code>
      {via && <span class="note"> {via.text}</span>}
      {generated && <span class="note"> runs as {placeText(generated, process)}</span>}
      {sourceLine !== undefined && !sourceChanged && <code class="source">{sourceLine}</code>}
      {sourceChanged && <span class="note"> the source has changed since the process started</span>}
    </>
  )
}

/** Neighbours of one kind together. */
function runs(frames: readonly Frame[]): readonly { readonly own: boolean; readonly frames: Frame[] }[] {
  const all: { own: boolean; frames: Frame[] }[] = []
  for (const frame of frames) {
    const own = frame.via !== undefined || (frame.owner === 'program' && frame.kind !== 'builtin')
    const last = all.at(-1)
    if (last?.own === own) last.frames.push(frame)
    else all.push({ own, frames: [frame] })
  }
  return all
}
