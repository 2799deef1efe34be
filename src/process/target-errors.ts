/** What a user is told whose pid is not a Node process that may be looked at. */
import { ImpasseError } from '../errors.ts'
import type { Unknown } from '../snapshot/model.ts'
import { commandOf } from './command-line.ts'
import type { Executable } from './executable.ts'
import type { Stat } from './stat.ts'
import type { Status } from './status.ts'

export function zombie({ id, parent, comm }: Stat): ImpasseError {
  return new ImpasseError(
    'IMPASSE_PROCESS_EXITED',
    `Process ${id} (${comm}) has exited already; only its exit status is left, which its parent ${parent} (${commandOf(parent)}) has not collected (a zombie).`,
    `Its threads and stacks are gone. If the parent hangs, look at that one: impasse ${parent}`,
  )
}

export function unreadable(pid: number, stat: Stat, status: Status, why: Unknown): ImpasseError {
  const command = commandOf(pid)
  // Only a kernel thread has no executable at all; its parent is kthreadd, process 2.
  if (why.unknown.endsWith('does not exist') && (stat.parent === 2 || pid === 2)) {
    return new ImpasseError(
      'IMPASSE_NOT_NODE',
      `Process ${pid} (${stat.comm}) is a thread of the kernel.`,
      findNode,
    )
  }
  const own = process.getuid?.()
  if (own === 0 || own === status.uid) return refused(pid, command, own, why)
  return new ImpasseError(
    'IMPASSE_NO_PERMISSION',
    `Process ${pid} (${command}) belongs to user ${status.uid}, and this user (${process.getuid?.()}) may not look at it: ${why.unknown}.`,
    `Run Impasse as that user or as root (sudo impasse ${pid}); in a container, with --cap-add=SYS_PTRACE.`,
  )
}

/** To its own user or to root the kernel refuses only what is protected. */
export function refused(pid: number, command: string, own: number, why: Unknown): ImpasseError {
  const what = `Process ${pid} (${command})`
  return own === 0
    ? new ImpasseError(
        'IMPASSE_NO_PERMISSION',
        `${what} may not be looked at: the kernel refuses it even to root here, because the capability CAP_SYS_PTRACE is missing or the process is protected (${why.unknown}).`,
        'In a container, start it with --cap-add=SYS_PTRACE; or run Impasse as root on the host, outside of containers and sandboxes.',
      )
    : new ImpasseError(
        'IMPASSE_NO_PERMISSION',
        `${what} belongs to this user (${own}), but the kernel protects it, as it does a program that has changed its user or was given capabilities (${why.unknown}).`,
        `Run Impasse as root (sudo impasse ${pid}); in a container, with --cap-add=SYS_PTRACE.`,
      )
}

const findNode =
  'List the Node processes with `impasse ps`; a wrapper such as npm or a shell has them as its children.'

export function notNode(
  pid: number,
  executable: string,
  image: Exclude<Executable, { kind: 'node' }>,
): ImpasseError {
  const what = `Process ${pid} (${commandOf(pid)})`
  if (image.kind === 'relative') {
    return new ImpasseError(
      'IMPASSE_NOT_NODE',
      `${what} runs ${image.name}, which Impasse does not support: it reads Node.js only.`,
      'To inspect an Electron, Bun or Deno program, start it with its own --inspect flag.',
    )
  }
  return new ImpasseError(
    'IMPASSE_NOT_NODE',
    `${what} is not a Node.js process: it runs ${executable}.`,
    findNode,
  )
}
