/** Which test a process runs, where it is one of a test runner. */
import { type CurrentTest, isUnknown, type Process } from '../snapshot/model.ts'
import { lastLook } from './stay.ts'

/** File names by which test runners find tests (the defaults of jest, vitest, mocha, node:test and playwright). */
const testFile = /(?:^|[./_-])(?:test|spec)s?\.[cm]?[jt]sx?$|(?:^|\/)__tests__\/[^/]+\.[cm]?[jt]sx?$/

/**
 * First what stands on a stack: the block whose function runs. Else what the runner itself says, or a reporter in it, then a test file on a
 * stack, then one named on the command line. Undefined where nothing tells.
 */
export function runningTest({ threads, argv, runningTests }: Process): CurrentTest | undefined {
  const frames = threads.flatMap(thread => lastLook(thread)?.frames ?? [])
  const block = frames.find(({ titles, file }) => titles !== undefined && !isUnknown(file))
  if (block !== undefined && !isUnknown(block.file)) return { file: block.file, titles: block.titles! }
  const said = threads.find(({ currentTest }) => currentTest !== undefined)?.currentTest
  if (said !== undefined) return said
  const told = onlyOne(runningTests ?? [])
  if (told !== undefined) return told
  const file =
    frames.flatMap(frame => (isUnknown(frame.file) ? [] : [frame.file])).find(path => testFile.test(path)) ??
    onlyOne(argv.slice(1).filter(argument => testFile.test(argument)))
  return file === undefined ? undefined : { file, titles: [] }
}

/** `deadlock.test.js > ledger > tells its observers`, the file relative to the working directory. */
export function testName({ file, titles }: CurrentTest, cwd: Process['cwd']): string {
  const path = file.replace(/^file:\/\//, '')
  const short = !isUnknown(cwd) && path.startsWith(`${cwd}/`) ? path.slice(cwd.length + 1) : path
  return [short, ...titles].join(' > ')
}

function onlyOne<T>(all: readonly T[]): T | undefined {
  return all.length === 1 ? all[0] : undefined
}
