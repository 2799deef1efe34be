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
  frames.forEach((frame, index) => {
    const mark = marks.get(index)
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
