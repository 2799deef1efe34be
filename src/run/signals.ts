/** The signals that a run gets: passed on to the command, or asking for a look. */

import { textOf } from '../process/proc.ts'
import { readStat } from '../process/stat.ts'

export interface Asked {
  readonly asked: 'look' | { readonly signal: NodeJS.Signals }
  /** The terminal sends Ctrl-C to all of its foreground group, the command included. */
  readonly fromTerminal: boolean
}

const passedOn = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGCONT'] as const

/** `next` resolves with the oldest signal not yet taken. `stop` gives the signals their own meaning back. */
export function listen(): { next(): Promise<Asked>; stop(): void } {
  const waiting: Asked[] = []
  let take: ((asked: Asked) => void) | undefined
  const put = (asked: Asked) => {
    if (take === undefined) waiting.push(asked)
    else take(asked)
    take = undefined
  }
  const pass = (signal: NodeJS.Signals) =>
    put({ asked: { signal }, fromTerminal: (signal === 'SIGINT' || signal === 'SIGQUIT') && isForeground() })
  const look = () => put({ asked: 'look', fromTerminal: false })
  for (const signal of passedOn) process.on(signal, pass)
  process.on('SIGUSR2', look)
  return {
    next: () => {
      const first = waiting.shift()
      if (first !== undefined) return Promise.resolve(first)
      return new Promise(resolve => {
        take = resolve
      })
    },
    stop: () => {
      for (const signal of passedOn) process.off(signal, pass)
      process.off('SIGUSR2', look)
    },
  }
}

/** Whether this process is in the foreground group of its terminal (`tpgid`, field 8 of proc_pid_stat(5)). */
function isForeground(): boolean {
  const own = readStat(process.pid)
  const text = textOf('/proc/self/stat') ?? ''
  const foreground = Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[5])
  return own !== undefined && foreground > 0 && foreground === own.group
}
