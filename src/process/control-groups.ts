/** Whether a process is frozen by its control group: cgroups(7), Documentation/admin-guide/cgroup-v2.rst (cgroup.events). */
import { join } from 'node:path'
import { textOf } from './proc.ts'

export interface Freezer {
  readonly group: string
  /** The command that thaws it. */
  readonly thaw: string
}

/** One line of `/proc/<pid>/cgroup`: `0::/system.slice` (version 2), `6:freezer:/docker/ab12` (version 1). */
export function parseGroups(
  text: string,
): { version: 1 | 2; controllers: readonly string[]; path: string }[] {
  return text.split('\n').flatMap(line => {
    const match = /^(\d+):([^:]*):(.*)$/.exec(line)
    if (!match) return []
    return {
      version: match[1] === '0' ? (2 as const) : (1 as const),
      controllers: match[2]!.split(','),
      path: match[3]!,
    }
  })
}

/** Where the group of a version 1 controller is mounted here: `/proc/self/mountinfo`, proc_pid_mountinfo(5). */
export function parseFreezerMounts(
  mountinfo: string,
  controller = 'freezer',
): { version: 1 | 2; mount: string; root: string }[] {
  return mountinfo.split('\n').flatMap(line => {
    const [before = '', after = ''] = line.split(' - ')
    const [, , , root, mount] = before.split(' ')
    const [type, , options = ''] = after.split(' ')
    if (root === undefined || mount === undefined) return []
    if (type === 'cgroup2') return { version: 2 as const, mount, root }
    return type === 'cgroup' && options.split(',').includes(controller)
      ? { version: 1 as const, mount, root }
      : []
  })
}

/** The frozen group that holds a process; undefined when it runs, or when the groups are not visible from here. */
export function freezerOf(pid: number): Freezer | undefined {
  const groups = parseGroups(textOf(`/proc/${pid}/cgroup`) ?? '').filter(
    ({ version, controllers }) => version === 2 || controllers.includes('freezer'),
  )
  // Processes outside of a container are mostly in the root group, which cannot be frozen: saves the mount table.
  if (groups.every(({ path }) => path === '/')) return undefined
  const mounts = parseFreezerMounts(textOf('/proc/self/mountinfo') ?? '')
  for (const { version, path } of groups) {
    const place = mounts.find(mount => mount.version === version)
    if (!place) continue
    const below = place.root !== '/' && path.startsWith(place.root) ? path.slice(place.root.length) : path
    const folder = join(place.mount, below)
    if (version === 2 && /^frozen 1$/m.test(textOf(join(folder, 'cgroup.events')) ?? '')) {
      return { group: path, thaw: `echo 0 > ${join(folder, 'cgroup.freeze')}` }
    }
    // A group of version 1 is also frozen by an ancestor; its state says so.
    if (version === 1 && /^FR(OZEN|EEZING)/.test(textOf(join(folder, 'freezer.state')) ?? '')) {
      return { group: path, thaw: `echo THAWED > ${join(folder, 'freezer.state')}` }
    }
  }
  return undefined
}

/** The bytes that the control groups of a process leave it; undefined without a limit, or where it is not visible. */
export function memoryLimitOf(pid: number): number | undefined {
  const groups = parseGroups(textOf(`/proc/${pid}/cgroup`) ?? '').filter(
    ({ version, controllers }) => version === 2 || controllers.includes('memory'),
  )
  const mounts = parseFreezerMounts(textOf('/proc/self/mountinfo') ?? '', 'memory')
  const limits = groups.flatMap(({ version, path }) => {
    const place = mounts.find(mount => mount.version === version)
    if (!place) return []
    const below = place.root !== '/' && path.startsWith(place.root) ? path.slice(place.root.length) : path
    const found: number[] = []
    // Every ancestor limits it too.
    for (let folder = join(place.mount, below); folder.startsWith(place.mount); folder = join(folder, '..')) {
      const file = version === 2 ? 'memory.max' : 'memory.limit_in_bytes'
      const bytes = Number(textOf(join(folder, file))?.trim() ?? Number.NaN)
      // Version 1 writes "no limit" as a number near 2^63.
      if (Number.isFinite(bytes) && bytes < 2 ** 60) found.push(bytes)
      if (folder === place.mount) break
    }
    return found
  })
  return limits.length === 0 ? undefined : Math.min(...limits)
}
