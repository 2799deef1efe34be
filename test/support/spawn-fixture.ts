/** Starts real programs for tests and makes sure that none of them outlives its test. */
import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

export interface FixtureOptions {
  /** Arguments of the program. */
  readonly args?: readonly string[]
  /** Flags of Node, before the program. */
  readonly execArgv?: readonly string[]
  /** The executable that runs it; the Node of the test by default. */
  readonly node?: string
  /** Added to the environment. */
  readonly env?: Record<string, string>
  readonly cwd?: string
  /** The stdout line that says it can be looked at. */
  readonly ready?: string
  readonly deadlineMs?: number
  /** `'unread'`: nobody reads its stderr, which is soon full. */
  readonly stderr?: 'read' | 'unread'
  /** Who calls `kill` in the end; `onTestFinished` by default (pass your own outside of a test, as in `beforeAll`). */
  readonly cleanUp?: (kill: () => Promise<void>) => void
}

export interface Fixture {
  readonly pid: number
  readonly child: ChildProcess
  stdout(): string
  stderr(): string
  /** SIGKILL to the program and to what it started; resolves when it has gone. */
  kill(): Promise<void>
}

/** The path of a program in `fixtures/`; absolute paths stay. */
export function fixturePath(file: string): string {
  return fileURLToPath(new URL(file, new URL('../../fixtures/', import.meta.url)))
}

/** Runs `fixtures/<file>` and waits for its line `ready`. */
export function startFixture(file: string, options: FixtureOptions = {}): Promise<Fixture> {
  const { node = process.execPath, execArgv = [], args = [] } = options
  return startProgram(node, [...execArgv, fixturePath(file), ...args], options)
}

/** Runs any program and waits for its line `ready`. */
export async function startProgram(
  command: string,
  args: readonly string[],
  options: FixtureOptions = {},
): Promise<Fixture> {
  const {
    env,
    cwd,
    ready = 'ready',
    deadlineMs = 15_000,
    cleanUp = onTestFinished,
    stderr: wanted = 'read',
  } = options
  // A group of its own, so that one signal ends its children too. Whatever happens, it ends with the test's process.
  const child = spawn(command, args, {
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, NODE_OPTIONS: '', ...env },
    ...(cwd === undefined ? {} : { cwd }),
  })
  const exited = new Promise<void>(resolve =>
    child.once('exit', () => resolve()).once('error', () => resolve()),
  )
  const endGroup = () => {
    if (child.pid === undefined) return
    try {
      process.kill(-child.pid, 'SIGKILL')
    } catch {}
  }
  const kill = async () => {
    endGroup()
    await exited
    process.off('exit', endGroup)
  }
  process.once('exit', endGroup)
  cleanUp(kill)
  let stdout = ''
  let stderr = ''
  child.stderr.setEncoding('utf8')
  if (wanted === 'read') {
    child.stderr.on('data', text => {
      stderr += text
    })
  }
  await new Promise<void>((resolve, reject) => {
    const fail = (why: string) =>
      reject(new Error(`${command} ${args.join(' ')}: ${why}\n${stdout}${stderr}`))
    const deadline = setTimeout(() => fail(`no line "${ready}" within ${deadlineMs} ms`), deadlineMs)
    child.once('error', error => fail(error.message))
    child.stdout.setEncoding('utf8').on('data', text => {
      stdout += text
      if (!stdout.split('\n').slice(0, -1).includes(ready)) return
      clearTimeout(deadline)
      resolve()
    })
    exited.then(() => {
      clearTimeout(deadline)
      // A moment for what it wrote last.
      setTimeout(
        () => fail(`ended with ${child.signalCode ?? child.exitCode} before its line "${ready}"`),
        50,
      )
    })
  })
  return { pid: child.pid!, child, stdout: () => stdout, stderr: () => stderr, kill }
}
