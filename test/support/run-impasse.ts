import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export const impassePath = fileURLToPath(new URL('../../bin/impasse.js', import.meta.url))

export interface Ran {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs the built command to its end. */
export function runImpasse(
  args: readonly string[],
  options: { node?: string; onStart?: (pid: number) => void } = {},
): Promise<Ran> {
  const child = spawn(options.node ?? process.execPath, [impassePath, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  options.onStart?.(child.pid!)
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', text => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', text => (stderr += text))
  return new Promise(resolve => child.on('close', code => resolve({ code, stdout, stderr })))
}
