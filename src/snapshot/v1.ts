/**
 * Snapshots of version 1. They named neither their machine nor the connections of a process, and kept command lines as
 * they were.
 */
import { redactedArguments } from './secrets.ts'

type Data = Readonly<Record<string, unknown>>

/** In the form of version 2. What is none of a snapshot is left as it is, for the check that follows. */
export function fromVersion1(older: Data): Data {
  const { host, processes } = older
  return {
    ...older,
    ...(isData(host) && { host: { name: { unknown: 'snapshots of version 1 do not tell' }, ...host } }),
    ...(Array.isArray(processes) && { processes: processes.map(fromProcess) }),
  }
}

function fromProcess(process: unknown): unknown {
  if (!isData(process)) return process
  const { argv, execArgv } = process
  return {
    ...process,
    ...(isTexts(argv) && { argv: redactedArguments(argv) }),
    ...(isTexts(execArgv) && { execArgv: redactedArguments(execArgv) }),
    connections: [],
  }
}

function isData(value: unknown): value is Data {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every(one => typeof one === 'string')
}
