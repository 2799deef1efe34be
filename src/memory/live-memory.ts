/**
 * The memory of a living process: `/proc/<pid>/mem` (proc_pid_mem(5)). Reading it needs the permission to trace
 * (PTRACE_MODE_ATTACH), traces nothing and stops nothing.
 */
import { closeSync, openSync, readSync } from 'node:fs'
import { whyNotTraced } from '../process/trace-permission.ts'
import type { Unknown } from '../snapshot/model.ts'
import { PagedMemory } from './memory.ts'

export class LiveMemory extends PagedMemory {
  readonly #fd: number

  static open(pid: number, budget: number): LiveMemory | Unknown {
    try {
      return new LiveMemory(openSync(`/proc/${pid}/mem`, 'r'), budget)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      return {
        unknown:
          code === 'EACCES' || code === 'EPERM' ? whyNotTraced(pid) : `its memory cannot be read (${code})`,
      }
    }
  }

  private constructor(fd: number, budget: number) {
    super(budget)
    this.#fd = fd
  }

  protected override fill(address: number, into: Buffer): boolean {
    try {
      let done = 0
      while (done < into.length) {
        const count = readSync(this.#fd, into, done, into.length - done, address + done)
        if (count === 0) return false
        done += count
      }
      return true
    } catch {
      return false // Not mapped (EIO), or the process has gone.
    }
  }

  close(): void {
    closeSync(this.#fd)
  }
}
