/** What a target's Node was told about its inspector: on its command line or in NODE_OPTIONS. */
import { environmentVariable } from '../process/environment.ts'
import type { Target } from '../process/target.ts'

/** Node's own when nothing else is said. */
export const DEFAULT_PORT = 9229

function flags(target: Target): string {
  return [...target.execArgv, environmentVariable(target.pid, 'NODE_OPTIONS') ?? ''].join(' ')
}

/** It listens from its start on. */
export function inspectsFromStart(target: Target): boolean {
  return /--inspect(-brk|-wait)?([= ]|$)/.test(flags(target))
}

/** It runs nothing before a debugger has come. */
export function waitsForDebugger(target: Target): boolean {
  return /--inspect-(brk|wait)([= ]|$)/.test(flags(target))
}

/** The port that it listens on or would; 0 takes any. */
export function wantedPort(target: Target): number {
  const told = /--(?:inspect(?:-brk|-wait)?|inspect-port|debug-port)[= ](?:\S*:)?(\d+)(?=\s|$)/.exec(
    flags(target),
  )
  return told === null ? DEFAULT_PORT : Number(told[1])
}
