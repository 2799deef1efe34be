/** Frames as rows, with those folded that the reader did not write. */
import { functionName, placeText } from '../diagnosis/frame-text.ts'
import { counted } from '../diagnosis/roster.ts'
import type { Frame, Process } from '../snapshot/model.ts'
import { emptyRow, type Row } from './rows.ts'

/** What is told about one frame of a stack, by its index. */
export interface Mark {
  readonly label: string
  readonly mark: string
  readonly note: string
}

export interface Folding {
  readonly allFrames: boolean
  /** So many frames are shown; the rest is counted. Marked ones are shown in any case. */
  readonly most: number
}

export function stackRows(
  frames: readonly Frame[],
  process: Process | undefined,
  folding: Folding,
  marks: ReadonlyMap<number, Mark> = new Map(),
): readonly Row[] {
  const rows: Row[] = []
  let folded: Frame[] = []
  const unfold = () => {
    if (folded.length > 0) rows.push({ ...emptyRow, name: `… ${foldText(folded)}` })
    folded = []
  }
  let shown = 0
  const telling = tellingNatives(frames)
  frames.forEach((frame, index) => {
    const mark = marks.get(index)
    if (!folding.allFrames && telling.has(index)) {
      rows.push(row(frame, process, mark))
      return
    }
    const plain = folding.allFrames || (frame.owner === 'program' && frame.kind !== 'builtin')
    const show = mark !== undefined || frame.via !== undefined || (plain && shown < folding.most)
    if (!show) {
      folded.push(frame)
      return
    }
    unfold()
    shown++
    rows.push(row(frame, process, mark))
  })
  unfold()
  return rows
}

/**
 * Of the native functions that the innermost JavaScript function called: the one that waits, and the one that was called; what
 * lies between is of no interest to whoever wrote the JavaScript.
 */
function tellingNatives(frames: readonly Frame[]): ReadonlySet<number> {
  const end = frames.findIndex(({ kind }) => kind !== 'native')
  const natives = end === -1 ? frames : frames.slice(0, end)
  const waits = natives.findIndex(({ function: name }) => !name.startsWith('('))
  const called = natives.findLastIndex(
    ({ function: name, owner }) => owner !== 'node' || (name.startsWith('node::') && !isGlue(name)),
  )
  return new Set([waits, called].filter(index => index !== -1))
}

/** What stands between Node's functions and the event loop. */
function isGlue(name: string): boolean {
  return /^node::(SpinEventLoop|NodeMainInstance|Start|LoadEnvironment|Environment::Run|InternalMakeCallback|MakeCallback)/.test(
    name,
  )
}

export function row(frame: Frame, process: Process | undefined, mark?: Mark): Row {
  const via = frame.via?.text ?? ''
  // A line that may lie is worse than none.
  const source = frame.sourceChanged ? '[source changed after the process started]' : (frame.sourceLine ?? '')
  return {
    label: mark?.label ?? '',
    name: functionName(frame),
    place: placeText(frame, process),
    mark: mark?.mark ?? '',
    note: [mark?.note ?? '', via].filter(text => text !== '').join('   '),
    source: mark && mark.mark !== '' ? source : '',
  }
}

/** `3 frames of node`, `2 frames of dependencies`, `5 frames`. */
function foldText(frames: readonly Frame[]): string {
  const owners = new Set(frames.map(({ owner }) => owner))
  const text = counted(frames.length, 'frame')
  if (owners.size > 1 || owners.has('program'))
    return owners.has('program') ? `${text} more` : `${text} of node and dependencies`
  return owners.has('node') ? `${text} of node` : `${text} of dependencies`
}
