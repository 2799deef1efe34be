/** Writes real core files of real programs: by the kernel, where it may, and by gdb's gcore. */
import { execFile, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { onTestFinished } from 'vitest'
import { type FixtureOptions, fixturePath, startProgram } from './spawn-fixture.ts'

/** Where the kernel hands cores to a program (`|…`), or puts them elsewhere, it writes none for us. */
export const kernelWritesCores = readFileSync('/proc/sys/kernel/core_pattern', 'utf8').trim() === 'core'
export const hasGdb = spawnSync('gdb', ['--version']).status === 0

if (!kernelWritesCores) console.warn('The kernel writes no cores here (core_pattern): gcore alone is tested.')
if (!hasGdb) {
  if (process.env.IMPASSE_REQUIRE_GDB === '1') throw new Error('gdb is not installed')
  console.warn('gdb is not installed: cores by gcore are not tested.')
}

/** Of a program that `settled` says stands still. Files go when the test ends. */
export async function writeCore(
  by: 'kernel' | 'gcore',
  fixture: string,
  { node = process.execPath, args = [], execArgv = [] }: FixtureOptions,
  settled: (pid: number) => Promise<void>,
): Promise<{ readonly file: string; readonly pid: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'impasse-core-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const line = [
    '-c',
    'ulimit -c unlimited && exec "$0" "$@"',
    node,
    ...execArgv,
    fixturePath(fixture),
    ...args,
  ]
  const { pid, child, kill } = await startProgram('sh', line, { cwd: folder })
  await settled(pid)
  if (by === 'kernel') {
    const exited = new Promise(resolve => child.once('exit', resolve))
    process.kill(pid, 'SIGABRT')
    await exited
  } else await promisify(execFile)('gcore', ['-o', join(folder, 'core'), String(pid)])
  await kill()
  const file = readdirSync(folder).find(name => name.startsWith('core'))
  if (file === undefined) throw new Error('no core was written')
  return { file: join(folder, file), pid }
}
