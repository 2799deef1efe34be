/** What Node's object `process` in a heap tells of the program. Its environment is left alone. */
import type { HeapTables } from '../heap/snapshot/heap-tables.ts'

export interface ProcessFacts {
  readonly pid?: number
  readonly argv: readonly string[]
  readonly execArgv: readonly string[]
  readonly executable?: string
  readonly version?: string
  readonly v8?: string
  readonly platform?: string
  readonly arch?: string
}

const mostArguments = 1000

export function processFacts(tables: HeapTables): ProcessFacts {
  for (const node of tables.named(new Set(['process']), 'object')) {
    const version = text(tables, node, 'version')
    // Its prototype goes by the same name.
    if (version === undefined || !/^v\d+\.\d+\.\d+/.test(version)) continue
    const versions = tables.target(node, 'property', 'versions')
    const facts: Record<string, string | number | undefined> = {
      pid: pidOf(tables, node),
      version,
      v8: versions === undefined ? undefined : text(tables, versions, 'v8'),
      executable: text(tables, node, 'execPath'),
      platform: text(tables, node, 'platform'),
      arch: text(tables, node, 'arch'),
    }
    return {
      argv: list(tables, node, 'argv'),
      execArgv: list(tables, node, 'execArgv'),
      ...Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined)),
    }
  }
  return { argv: [], execArgv: [] }
}

/** Numbers are in a snapshot only where it was asked for them (`exposeNumericValues`). */
function pidOf(tables: HeapTables, node: number): number | undefined {
  const to = tables.target(node, 'property', 'pid')
  if (to === undefined || tables.type(to) !== 'number') return undefined
  const value = tables.internal(to, 'value')
  const pid = Number(tables.name(value ?? to))
  return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined
}

function text(tables: HeapTables, node: number, name: string): string | undefined {
  const to = tables.target(node, 'property', name)
  return to === undefined ? undefined : tables.text(to)
}

function list(tables: HeapTables, node: number, name: string): readonly string[] {
  const array = tables.target(node, 'property', name)
  if (array === undefined) return []
  return tables
    .edges(array)
    .filter(({ type }) => type === 'element')
    .sort((one, other) => one.index - other.index)
    .slice(0, mostArguments)
    .map(({ to }) => tables.text(to) ?? '')
}
