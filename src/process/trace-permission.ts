/** Why the kernel lets one process not look into another one's memory, and what to do about it. */
import { textOf } from './proc.ts'

const YAMA = '/proc/sys/kernel/yama/ptrace_scope'

/** The end of a sentence; `scope`: what Yama's setting is (Documentation/admin-guide/LSM/Yama.rst), empty where the kernel has none. */
export function whyNotTraced(pid: number, scope = textOf(YAMA) ?? ''): string {
  switch (scope.trim()) {
    case '1':
      return `its memory may not be read: this kernel (Yama, ptrace_scope 1) lets a process read only those that it has started itself; as root it works: sudo impasse ${pid}`
    case '2':
      return `its memory may not be read: this kernel (Yama, ptrace_scope 2) allows that only with CAP_SYS_PTRACE: sudo impasse ${pid}`
    case '3':
      return 'its memory may not be read: this kernel (Yama, ptrace_scope 3) allows that to nobody until it is started anew; a core can be read: impasse core <file>'
    default:
      return `its memory may not be read: that needs the same user and the permission to trace (sudo impasse ${pid}; in a container, --cap-add=SYS_PTRACE)`
  }
}
