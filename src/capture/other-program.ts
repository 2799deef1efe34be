/** A process that is not Node, in the midst of those that are: a shell, a child. The kernel's word is all there is. */
import { commandOf } from '../process/command-line.ts'
import { readLink, textOf } from '../process/proc.ts'
import { readStat, startTime } from '../process/stat.ts'
import { readStatus } from '../process/status.ts'
import { sameProcess } from '../process/target.ts'
import { isUnknown, type Thread } from '../snapshot/model.ts'
import { redactedArguments } from '../snapshot/secrets.ts'
import type { Attached } from './attach.ts'
import { type Clock, sleep } from './clock.ts'
import { throwIfInterrupted } from './interruption.ts'
import { lookAtKernel } from './look.ts'
import { BETWEEN_LOOKS_MS, type CaptureOptions, DEFAULT_LOOKS } from './options.ts'
import { kernelActivity } from './process-record.ts'

/** Throws an `ImpasseError` when the process has ended. */
export async function lookAtOther(pid: number, options: CaptureOptions, clock: Clock): Promise<Attached> {
  const startTicks = readStat(pid)?.startTicks ?? -1
  const head = { pid, startTicks }
  const looks: { readonly at: number; readonly kernel: ReturnType<typeof lookAtKernel> }[] = []
  for (let count = 0; count < (options.looks ?? DEFAULT_LOOKS); count += 1) {
    if (count > 0) await sleep(clock.limit(options.betweenLooksMs ?? BETWEEN_LOOKS_MS))
    throwIfInterrupted(options)
    sameProcess(head)
    looks.push({ at: clock.now, kernel: lookAtKernel(pid, process.arch) })
  }
  const threads = [...(looks.at(-1)?.kernel.values() ?? [])].map(
    ({ tid, comm }): Thread => ({
      id: `p${pid}/n${tid}`,
      tid,
      threadId: null,
      name: comm,
      role: 'other',
      seenBy: ['proc'],
      looks: looks.flatMap(({ at, kernel }) => {
        const thread = kernel.get(tid)
        return thread === undefined
          ? []
          : [{ at, activity: kernelActivity(thread), frames: [], kernel: thread.view }]
      }),
    }),
  )
  const executable = readLink(`/proc/${pid}/exe`)
  const argv = (textOf(`/proc/${pid}/cmdline`) ?? '').replace(/\0+$/, '').split('\0')
  const notNode = { unknown: 'it is not Node' }
  return {
    process: {
      id: `p${pid}`,
      pid,
      startTicks,
      startedAt: new Date(startTime(startTicks)).toISOString(),
      argv: argv.join('') === '' ? [commandOf(pid)] : redactedArguments(argv),
      execArgv: [],
      executable: isUnknown(executable) ? '' : executable,
      cwd: readLink(`/proc/${pid}/cwd`),
      uid: readStatus(pid)?.uid ?? -1,
      runtime: { name: 'other', version: notNode, v8: notNode, arch: process.arch },
      inspector: { access: 'none', port: null },
      pausedMs: 0,
      connections: [],
      threads,
      gaps: [],
    },
    facts: { resources: [], holds: [], productions: [], waits: [] },
    pausedWaves: 0,
  }
}
