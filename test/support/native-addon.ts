/** Builds the addon of `fixtures/native-locks` with the system's C compiler. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fixturePath } from './spawn-fixture.ts'

export const hasCompiler = spawnSync('cc', ['--version']).status === 0
if (!hasCompiler) {
  if (process.env.IMPASSE_REQUIRE_CC === '1') throw new Error('there is no C compiler')
  console.warn('There is no C compiler (cc): locks of addons are not tested.')
}

/** Its file; `remove` when it is not needed any more. */
export function buildAddon(): { readonly file: string; readonly remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'impasse-addon-'))
  const file = join(folder, 'locks.node')
  // As release builds are made: no frame pointers.
  const flags = ['-shared', '-fPIC', '-O2', '-fomit-frame-pointer', '-pthread', '-o', file]
  const { status, stderr } = spawnSync('cc', [...flags, fixturePath('native-locks/addon.c')], {
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(stderr)
  return { file, remove: () => rmSync(folder, { recursive: true }) }
}
