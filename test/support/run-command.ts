/** `impasse run` on a real command, in a folder of its own for the reports; nothing of it outlives the test. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { impassePath } from './run-impasse.ts'

export interface Running {
  readonly child: ChildProcess
  readonly folder: string
  readonly ended: Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }>
  stderr(): string
  /** The text of a report; undefined when there is none. */
  report(name: string): string | undefined
}

export interface Where {
  readonly cwd?: string
  readonly env?: Record<string, string>
  readonly stderr?: 'read' | 'unread' | 'closed'
}

/** Variables by which a test runner would take the command for a part of this one. */
const ours = /^(VITEST|TEST$|NODE_ENV$|CI$|NODE_OPTIONS$|GITHUB_|JEST_|NODE_TEST_)/

export function runCommand(args: readonly string[], { cwd, env = {}, stderr = 'read' }: Where = {}): Running {
  const folder = mkdtempSync(join(tmpdir(), 'impasse-run-'))
  const clean = Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours.test(name)))
  const line = [impassePath, 'run', '--report-dir', join(folder, 'reports'), ...args]
  const child = spawn(
    stderr === 'closed' ? 'sh' : process.execPath,
    stderr === 'closed' ? ['-c', 'exec "$0" "$@" 2>&-', process.execPath, ...line] : line,
    { cwd, detached: true, stdio: ['ignore', 'pipe', 'pipe'], env: { ...clean, ...env } },
  )
  let out = ''
  let err = ''
  child.stdout?.setEncoding('utf8').on('data', text => (out += text))
  if (stderr === 'read') child.stderr?.setEncoding('utf8').on('data', text => (err += text))
  const ended = new Promise<{ code: number | null; stdout: string; stderr: string }>(resolve =>
    child.on('exit', code => setTimeout(() => resolve({ code, stdout: out, stderr: err }), 50)),
  )
  onTestFinished(() => {
    if (child.exitCode === null && child.signalCode === null) {
      try {
        process.kill(-child.pid!, 'SIGKILL')
      } catch {
        // It has gone by itself.
      }
    }
    child.stdout?.destroy()
    child.stderr?.destroy()
    rmSync(folder, { recursive: true, force: true })
  })
  return {
    child,
    folder,
    ended,
    stderr: () => err,
    report: name => {
      const path = join(folder, 'reports', name)
      return existsSync(path) ? readFileSync(path, 'utf8') : undefined
    },
  }
}

/** Whether a process is there and no zombie. */
export function isAlive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) [ZX]/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

/** Resolves when `look` gives something; rejects after `deadlineMs`. */
export async function until<T>(look: () => T | undefined | false, deadlineMs = 15_000): Promise<T> {
  const end = Date.now() + deadlineMs
  for (;;) {
    const found = look()
    if (found !== undefined && found !== false) return found
    if (Date.now() > end) throw new Error(`nothing came within ${deadlineMs} ms`)
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}
