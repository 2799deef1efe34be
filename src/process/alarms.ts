/** Whether a process may have set itself an alarm that ends what it waits for: `timeout 60 command` stands in wait4(2). */
import { textOf } from './proc.ts'
import { holdsSignal, readStatus } from './status.ts'

/** POSIX timers show in `/proc/<pid>/timers` (proc_pid_timers(5)); of setitimer(2) and alarm(2) only the handler does. */
export function mayHaveAlarm(pid: number): boolean {
  const caught = readStatus(pid)?.signals.caught
  if (caught === undefined || (textOf(`/proc/${pid}/timers`) ?? '').trim() !== '') return true
  return (['SIGALRM', 'SIGVTALRM', 'SIGPROF'] as const).some(signal => holdsSignal(caught, signal))
}
