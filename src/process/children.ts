/** The children of a process: `/proc/<pid>/task/<tid>/children` (proc_tid_children(5)). */
import { commandOf } from './command-line.ts'
import { known, numbersIn, textOf } from './proc.ts'
import { readStat } from './stat.ts'

export interface Child {
  readonly pid: number
  readonly command: string
  /** One letter of proc_pid_stat(5). */
  readonly state: string
  /** The thread that started it, whose event loop hears of its end; undefined where the kernel does not tell. */
  readonly startedBy?: number
}

/** All children of a process; those of one thread when `tid` is given. */
export function childrenOf(pid: number, tid?: number): readonly Child[] {
  const tids = tid === undefined ? (known(numbersIn(`/proc/${pid}/task`)) ?? []) : [tid]
  const lists = tids.map(id => ({ id, text: textOf(`/proc/${pid}/task/${id}/children`) }))
  if (lists.length > 0 && lists.every(({ text }) => text === undefined)) return byParent(pid)
  return lists.flatMap(({ id, text = '' }) =>
    text.split(' ').flatMap(child => (child.trim() === '' ? [] : describe(Number(child), id))),
  )
}

/** All processes that descend from one, parents before their children. */
export function descendantsOf(pid: number): readonly Child[] {
  const found: Child[] = [...childrenOf(pid)]
  for (let i = 0; i < found.length; i++) found.push(...childrenOf(found[i]!.pid))
  return found
}

/** Kernels without CONFIG_PROC_CHILDREN have no list: look for the parent in each process's stat. */
function byParent(pid: number): readonly Child[] {
  const all = known(numbersIn('/proc')) ?? []
  return all.filter(other => readStat(other)?.parent === pid).flatMap(other => describe(other))
}

function describe(pid: number, startedBy?: number): readonly Child[] {
  const stat = readStat(pid)
  if (!stat) return []
  return [
    { pid, command: commandOf(pid), state: stat.state, ...(startedBy === undefined ? {} : { startedBy }) },
  ]
}
