import { textOf } from './proc.ts'

/** Whether native addons (`.node` files) are loaded: `/proc/<pid>/maps`. Undefined where that may not be read. */
export function addonsOf(pid: number): boolean | undefined {
  const maps = textOf(`/proc/${pid}/maps`)
  return maps === undefined ? undefined : /\.node( \(deleted\))?$/m.test(maps)
}
