/**
 * The tests that run now, as a reporter inside of a test runner tells them: it keeps one small file for its process in a
 * folder that `impasse run` knows by the token of the run, and reads when it looks at the tree.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CurrentTest, Process, Snapshot } from '../snapshot/model.ts'

/** The variable of the environment by which a process is known to belong to a run; several, nested, stand with colons. */
export const TOKEN = 'IMPASSE_RUN'

/** So often, at most, a file is written anew, milliseconds. */
const WRITE_EVERY_MS = 20
const MOST_BYTES = 1_000_000
const token = /^[0-9a-f-]{36}$/

/** What a reporter calls as tests begin and end; outside of `impasse run` it does nothing. */
export class RunningTests {
  readonly #folders: readonly string[]
  readonly #running = new Map<string, CurrentTest>()
  #timer: NodeJS.Timeout | undefined

  constructor(environment: NodeJS.ProcessEnv = process.env) {
    const values = (environment[TOKEN] ?? '').split(':').filter(value => token.test(value))
    this.#folders = values.map(folderOf)
  }

  begins(key: string, test: CurrentTest): void {
    if (this.#folders.length === 0) return
    this.#running.set(key, test)
    this.#write()
  }

  ends(key: string): void {
    if (this.#running.delete(key)) this.#write()
  }

  #write(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      const text = JSON.stringify([...this.#running.values()])
      for (const folder of this.#folders) {
        // A test run is never to fail because of a report about it.
        try {
          mkdirSync(folder, { recursive: true, mode: 0o700 })
          const path = join(folder, `${process.pid}.json`)
          writeFileSync(`${path}.new`, text, { mode: 0o600 })
          renameSync(`${path}.new`, path)
        } catch {}
      }
    }, WRITE_EVERY_MS).unref()
  }
}

/** By pid of the process whose reporter said so; empty where none does. */
export function readRunningTests(value: string): ReadonlyMap<number, readonly CurrentTest[]> {
  const told = new Map<number, readonly CurrentTest[]>()
  for (const name of attempt(() => readdirSync(folderOf(value))) ?? []) {
    const pid = Number(/^(\d+)\.json$/.exec(name)?.[1])
    const text = pid > 0 ? attempt(() => readFileSync(join(folderOf(value), name), 'utf8')) : undefined
    if (text === undefined || text.length > MOST_BYTES) continue
    const tests = attempt(() => JSON.parse(text) as unknown)
    if (Array.isArray(tests)) told.set(pid, tests.filter(isTest))
  }
  return told
}

/** At the end of a run. */
export function forgetRunningTests(value: string): void {
  attempt(() => rmSync(folderOf(value), { recursive: true, force: true }))
}

/** Gives each process the tests that run in it: those of a file on its command line, else those that it told of itself. */
export function withRunningTests(
  snapshot: Snapshot,
  told: ReadonlyMap<number, readonly CurrentTest[]>,
): Snapshot {
  if (told.size === 0) return snapshot
  const all = [...told.values()].flat()
  const processes = snapshot.processes.map((process): Process => {
    const named = all.filter(({ file }) => process.argv.some(argument => isSameFile(argument, file)))
    const tests = named.length > 0 ? named : (told.get(process.pid) ?? [])
    return tests.length > 0 ? { ...process, runningTests: tests } : process
  })
  return { ...snapshot, processes }
}

function isSameFile(argument: string, file: string): boolean {
  return argument === file || file.endsWith(`/${argument.replace(/^(\.\.?\/)+/, '')}`)
}

function folderOf(value: string): string {
  return join(tmpdir(), `impasse-run-${value}`)
}

function isTest(test: unknown): test is CurrentTest {
  const { file, titles } = (test ?? {}) as Partial<CurrentTest>
  return typeof file === 'string' && Array.isArray(titles) && titles.every(title => typeof title === 'string')
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}
