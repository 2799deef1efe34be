/** `impasse ps`: the Node processes here, and what the main thread of each does now. */
import { nodeProcesses } from '../process/processes.ts'
import { renderProcessList, renderProcessListJson } from '../report/ps.ts'

export interface PsOptions {
  readonly json?: boolean
  /** Where the list goes; the terminal's width cuts its lines. */
  readonly out?: { write(text: string): unknown; readonly columns?: number | undefined }
}

/** Gives the exit code. */
export async function ps({ json = false, out = process.stdout }: PsOptions = {}): Promise<number> {
  const list = await nodeProcesses()
  out.write(
    json ? renderProcessListJson(list) : renderProcessList(list, out.columns, process.getuid?.() === 0),
  )
  return 0
}
