/** Namespaces of a target (namespaces(7)), and how to reach what lies in another one. */
import { lstatSync, readlinkSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { isUnknown, type Unknown } from '../snapshot/model.ts'
import { readLink } from './proc.ts'

/** Each is `true` when it is the one that Impasse runs in. */
export interface Namespaces {
  readonly pid: boolean | Unknown
  readonly mount: boolean | Unknown
  readonly network: boolean | Unknown
}

/** Compares `/proc/<pid>/ns/*` with `/proc/self/ns/*`. */
export function namespacesOf(pid: number): Namespaces {
  const shared = (name: string) => {
    const theirs = readLink(`/proc/${pid}/ns/${name}`)
    return isUnknown(theirs) ? theirs : theirs === readLink(`/proc/self/ns/${name}`)
  }
  return { pid: shared('pid'), mount: shared('mnt'), network: shared('net') }
}

/** How to run a command where the target's loopback is ours. */
export function enterNetwork(pid: number, command = `impasse ${pid}`): string {
  return `sudo nsenter --target ${pid} --net -- ${command}`
}

/**
 * A path of the target as a path that we can open: through `/proc/<pid>/root` when the target sees other files than we
 * do. Links are followed one by one and stay below that root, whatever they point to: an absolute link or `..` of the
 * target would lead us into our own file system. Undefined when the path does not exist or its links do not end.
 */
export function targetPath(
  target: { readonly pid: number; readonly namespaces: Pick<Namespaces, 'mount'> },
  path: string,
  root = `/proc/${target.pid}/root`,
): string | undefined {
  if (target.namespaces.mount === true && root === `/proc/${target.pid}/root` && sameRoot(target.pid))
    return path
  const rest = resolve('/', path).split('/').filter(Boolean)
  let inside = '/'
  let links = 0
  while (rest.length > 0) {
    const next = join(inside, rest.shift()!)
    try {
      if (!lstatSync(join(root, next)).isSymbolicLink()) {
        inside = next
        continue
      }
      // As the kernel does (ELOOP): 40 links are enough for everybody.
      if (++links > 40) return undefined
      const end = resolve(inside === next ? '/' : dirname(next), readlinkSync(join(root, next)))
      rest.unshift(...end.split('/').filter(Boolean))
      inside = '/'
    } catch {
      return undefined
    }
  }
  return join(root, inside)
}

/** A chroot changes what paths mean without another mount namespace. */
function sameRoot(pid: number): boolean {
  return readLink(`/proc/${pid}/root`) === '/'
}
