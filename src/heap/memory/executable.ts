/** What a process's executable tells of its V8. */
import { closeSync, openSync } from 'node:fs'
import { ElfImage } from '../../memory/elf-image.ts'
import { isMeasured, type Layout, readLayout } from '../../memory/v8/layout.ts'
import { isUnknown, type Unknown } from '../../snapshot/model.ts'
import { type Builtins, readBuiltins } from './builtins.ts'

export interface Executable {
  readonly layout: Layout
  readonly builtins: Builtins
}

/** What stands in an executable stays as it is: by build. */
const known = new Map<string, Executable>()

/** `path`: of the executable itself. Why it is not known is a sentence's end. */
export function describeExecutable(path: string): Executable | Unknown {
  let fd: number
  try {
    fd = openSync(path, 'r')
  } catch {
    return { unknown: 'its executable cannot be read' }
  }
  try {
    const image = ElfImage.ofFile(fd)
    if (image === undefined) return { unknown: 'its executable is no image for x86-64' }
    const build = image.buildId ?? ''
    const before = build === '' ? undefined : known.get(build)
    if (before !== undefined) return before
    const layout = readLayout(image)
    if (isUnknown(layout)) return layout
    if (!isMeasured(layout)) return { unknown: 'its V8 is newer than those that are known' }
    const builtins = readBuiltins(image)
    if (builtins === undefined)
      return { unknown: "its executable was stripped of the symbols of V8's builtins" }
    const made = { layout, builtins }
    if (build !== '') known.set(build, made)
    return made
  } finally {
    closeSync(fd)
  }
}
