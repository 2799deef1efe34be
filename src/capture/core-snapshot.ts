/** A core file as a snapshot: one look at one moment, at which all threads stood still together. */

import { statSync } from 'node:fs'
import { release as kernelRelease } from 'node:os'
import { join } from 'node:path'
import { ImpasseError } from '../errors.ts'
import type { LockFacts } from '../locks/recognise.ts'
import { startOfProcess } from '../memory/core-arguments.ts'
import { CoreFile } from '../memory/core-file.ts'
import { CoreMemory } from '../memory/core-memory.ts'
import { Images } from '../memory/images.ts'
import { readStacks, type ThreadStack } from '../memory/stack-functions.ts'
import { splitArguments } from '../process/command-line.ts'
import { inspectExecutable } from '../process/executable.ts'
import { textOf } from '../process/proc.ts'
import {
  type Frame,
  type Gap,
  isUnknown,
  type Runtime,
  type Snapshot,
  type Thread,
  type Unknown,
} from '../snapshot/model.ts'
import { redactedArguments } from '../snapshot/secrets.ts'
import { SNAPSHOT_VERSION } from '../snapshot/upgrade.ts'
import { TOOL } from '../version.ts'
import { Clock } from './clock.ts'
import type { CoreOptions } from './core.ts'
import { coreThread } from './core-thread.ts'
import type { StackDetails } from './memory-frames.ts'
import { nativeLocksIn, withWords } from './native-waits.ts'
import { StackFrames } from './stack-frames.ts'

/** How much of the process's memory is read at most, bytes. */
const BUDGET = 128 * 2 ** 20
/** More than any heap that is read, and all that may refer to it. */
const HEAP_BUDGET = 2 ** 40

/** Throws an `ImpasseError` for a file that is no core of a Node process, or whose executable is not here. */
export async function snapshotOfCore(file: string, options: CoreOptions): Promise<Snapshot> {
  const clock = new Clock(60_000)
  const core = CoreFile.open(file)
  let images: Images | undefined
  let heapMemory: CoreMemory | undefined
  try {
    const { notes } = core
    const pid = notes.process?.pid ?? notes.threads[0]!.tid
    const executable = executableOf(core)
    const sysroot = options.sysroot ?? '/'
    const given = new Map(options.executable === undefined ? [] : [[executable, options.executable] as const])
    const memory = new CoreMemory(core, sysroot, given, BUDGET)
    const runtime = runtimeOf(core, memory, executable, options)
    const map = memory.map()
    const node = memory.files.get(executable)
    if (typeof node === 'string' || node.elf === undefined)
      throw noExecutable(core, executable, node, options)
    images = new Images(executable, node.elf, map, memory, memory.files)
    const stands = notes.threads.map(({ pc, sp, registers }) => ({ pc, sp, registers }))
    const stacks = readStacks(memory, map, images, stands)
    const files = {
      readFile: (path: string) => (path.startsWith('/') ? textOf(join(sysroot, path)) : undefined),
      isChanged: (path: string) => isNewer(join(sysroot, path), core.writtenAt),
    }
    const reader = new StackFrames(files.readFile, files.isChanged)
    const frames: (readonly Frame[] | Unknown)[] = []
    for (const stack of stacks)
      frames.push(isUnknown(stack) ? stack : await reader.of(stack.functions, stack.confidence))
    const details = new Map(
      notes.threads.map(({ tid }, index) => [tid, isUnknown(stacks[index]!) ? {} : stacks[index]!] as const),
    )
    const detailsOf = (tid: number): StackDetails => details.get(tid) ?? {}
    const plain = notes.threads
      .map((thread, index) => coreThread(pid, thread, frames[index]!, detailsOf(thread.tid), memory))
      .sort((a, b) => order(a.role) - order(b.role))
    const stackOf = ({ tid }: Thread) => {
      const stack = stacks[notes.threads.findIndex(one => one.tid === tid)]
      return stack === undefined || isUnknown(stack) ? undefined : stack
    }
    const seen = await withLocks(memory, plain, stackOf, reader)
    heapMemory = new CoreMemory(core, sysroot, given, HEAP_BUDGET)
    const place = { pid, executable: `/proc/self/fd/${node.fd}` }
    const { threads } = seen
    // What reads heaps is loaded where there is a thread whose heap matters.
    const { tasks, gaps, ...asynchronous } = threads.some(idles)
      ? await (await import('./core-tasks.ts')).tasksInCore(
          core,
          heapMemory,
          place,
          threads,
          seen.facts,
          files,
        )
      : { facts: seen.facts, tasks: [], gaps: [] }
    const start = startOfProcess(memory, notes)
    const args = start?.args ?? (notes.process?.command ?? '').split(' ')
    return {
      format: 'impasse-snapshot',
      version: SNAPSHOT_VERSION,
      tool: TOOL,
      host: {
        name: { unknown: 'a core does not tell' },
        platform: process.platform,
        arch: process.arch,
        kernel: kernelRelease(),
      },
      capturedAt: core.writtenAt,
      looks: 1,
      cost: { wallMs: clock.now, pausedWaves: 0 },
      processes: [
        {
          id: `p${pid}`,
          pid,
          startTicks: 0,
          startedAt: { unknown: 'a core does not tell' },
          ...splitArguments(redactedArguments(args)),
          executable,
          cwd: folderOf(start?.environment.get('PWD'), frames),
          uid: notes.process?.uid ?? -1,
          runtime,
          inspector: { access: 'none', port: null },
          pausedMs: 0,
          connections: [],
          core: { file, writtenAt: core.writtenAt, signal: notes.signal },
          threads: [...threads],
          ...(tasks.length > 0 && { tasks: [...tasks] }),
          gaps: [...gapsOf(memory, frames, executable), ...gaps],
        },
      ],
      ...withWords(
        `p${pid}`,
        threads,
        tid => detailsOf(tid).word,
        nativeLocksIn(memory, `p${pid}`, threads, asynchronous.facts),
      ),
    }
  } finally {
    images?.close()
    heapMemory?.files.close()
    core.close()
  }
}

/** AT_ENTRY of getauxval(3): the program's first address, in its executable. */
const ENTRY = 9

function executableOf({ notes, path }: CoreFile): string {
  const entry = notes.auxiliary.get(ENTRY) ?? 0
  const mapping = notes.mappings.find(({ from, to }) => entry >= from && entry < to) ?? notes.mappings[0]
  if (mapping !== undefined) return mapping.path
  throw new ImpasseError(
    'IMPASSE_UNSUPPORTED',
    `${path} does not tell which files were mapped (NT_FILE).`,
    'Write it with the kernel (Linux 3.7 and later) or with gcore.',
  )
}

function runtimeOf(core: CoreFile, memory: CoreMemory, executable: string, options: CoreOptions): Runtime {
  const file = memory.files.get(executable)
  if (typeof file === 'string') throw noExecutable(core, executable, file, options)
  const image = inspectExecutable(`/proc/self/fd/${file.fd}`, executable)
  if (image.kind !== 'node')
    throw new ImpasseError(
      'IMPASSE_NOT_NODE',
      `${core.path} is of ${image.kind === 'relative' ? image.name : core.notes.process?.name || executable}, not of Node.`,
      options.executable === undefined
        ? 'Only cores of Node are read; look at others with gdb.'
        : `The core names ${executable}: leave out --exe, or name a copy of that file.`,
    )
  return { name: 'node', version: image.version, v8: image.v8, arch: image.arch }
}

function noExecutable(
  { path }: CoreFile,
  executable: string,
  file: unknown,
  { executable: named, sysroot }: CoreOptions,
): ImpasseError {
  const tried = named ?? join(sysroot ?? '/', executable)
  if (file === 'another build')
    return new ImpasseError(
      'IMPASSE_FOREIGN',
      `${tried} is not the build of ${executable} that ${path} was written of.`,
      'Name the very file that the process ran with --exe <node>: the same version from the same source.',
    )
  return new ImpasseError(
    'IMPASSE_READ',
    `The executable of ${path} is not here: ${tried}.`,
    `Name a copy of ${executable} with --exe <node>, or the folder that holds the files of the other machine with --sysroot <dir>.`,
  )
}

/** Where it was started, if its scripts lie there: the working directory itself is in no core. */
function folderOf(
  started: string | undefined,
  stacks: readonly (readonly Frame[] | Unknown)[],
): string | Unknown {
  const files = stacks.flatMap(stack => (isUnknown(stack) ? [] : stack.map(({ file }) => file)))
  const isThere = files.some(
    file => typeof file === 'string' && file.replace(/^file:\/\//, '').startsWith(`${started}/`),
  )
  return started !== undefined && isThere ? started : { unknown: 'a core does not tell' }
}

function isNewer(path: string, moment: string): boolean {
  const changed = statSync(path, { throwIfNoEntry: false })?.mtimeMs
  return changed !== undefined && changed > Date.parse(moment)
}

/** Workers by their numbers, and the locks of JavaScript, where a thread is parked for one. */
async function withLocks(
  memory: CoreMemory,
  threads: readonly Thread[],
  stackOf: (thread: Thread) => ThreadStack | undefined,
  reader: StackFrames,
): Promise<{ readonly threads: readonly Thread[]; readonly facts: LockFacts }> {
  const none: LockFacts = { resources: [], holds: [], productions: [], waits: [] }
  const isParked = threads.some(({ looks }) => looks.at(-1)?.activity.kind === 'parked')
  if (!isParked && !threads.some(({ role }) => role === 'worker')) return { threads, facts: none }
  const { locksInMemory, withCalls, withNumbers } = await import('./memory-locks.ts')
  const numbered = withNumbers(
    memory,
    threads.map(thread => ({ thread, stack: stackOf(thread) })),
  )
  if (!isParked) return { threads: numbered, facts: none }
  const scripted = numbered.filter(mayRunScripts).map(thread => ({ thread, stack: stackOf(thread) }))
  const facts = await locksInMemory(memory, scripted, reader, true)
  return { threads: withCalls(numbered, facts), facts }
}

/** In the event loop of a thread that runs JavaScript: V8's and the inspector's threads have loops too. */
function idles({ looks, role }: Thread): boolean {
  return (role === 'main' || role === 'worker') && looks.at(-1)?.activity.kind === 'event-loop'
}

/** One of which nothing is known may run JavaScript. */
function mayRunScripts({ role, looks }: Thread): boolean {
  return role === 'main' || role === 'worker' || (role === 'other' && looks.at(-1)?.frames.length === 0)
}

function gapsOf(
  memory: CoreMemory,
  stacks: readonly (readonly Frame[] | Unknown)[],
  executable: string,
): readonly Gap[] {
  const unread = stacks.filter(isUnknown)
  const missing = memory.files.missing.filter(([path]) => path !== executable && path.startsWith('/'))
  const names = missing.map(([path, why]) => (why === 'absent' ? path : `${path} (another build is here)`))
  return [
    {
      what: 'variables that no inner function uses (by which some locks are recognised)',
      reason: 'V8 keeps them in registers, whose names are not in memory.',
      remedy: 'Look at the process while it hangs: impasse <pid>.',
    },
    ...(unread.length === 0
      ? []
      : [
          {
            what: `the stacks of ${unread.length} of ${stacks.length} threads`,
            reason:
              names.length === 0
                ? `Of one, for instance: ${unread[0]!.unknown}.`
                : `Files that the process had mapped are not here: ${names.slice(0, 4).join(', ')}.`,
            remedy:
              names.length === 0
                ? ''
                : 'Copy them below a folder, under their names, and give it with --sysroot <dir>.',
          },
        ]),
  ]
}

function order(role: string): number {
  return role === 'main' ? 0 : role === 'worker' ? 1 : 2
}
