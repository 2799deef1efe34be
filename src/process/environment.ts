/** One variable of a process's initial environment (`/proc/<pid>/environ`, proc_pid_environ(5)). The rest is not kept. */
import { textOf } from './proc.ts'

/** Undefined when it is not set or may not be read. */
export function environmentVariable(pid: number, name: string): string | undefined {
  const entry = textOf(`/proc/${pid}/environ`)
    ?.split('\0')
    .find(line => line.startsWith(`${name}=`))
  return entry?.slice(name.length + 1)
}
