// A main thread blocked in execSync: impasse <pid> against gdb's backtrace of all threads, and both on a core of the same process.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { impasse, interleaved, isInstalled, line, nodes, peakMemory, root, start, time } from './measure.js'

const program = `${root}fixtures/memory/blocked.cjs`
const backtrace = ['-batch', '-nx', '-ex', 'thread apply all bt']

export async function run() {
  if (!isInstalled('gdb')) return console.log('gdb is not installed: no peer.')
  const folder = mkdtempSync(join(tmpdir(), 'impasse-bench-'))
  const groups = []
  try {
    const tools = nodes([20, 24, 26])
    for (const { major, path } of nodes([20, 24, 26])) {
      const runs = {}
      const target = await start(path, [program, 'execSync'], { detached: true })
      groups.push(target.pid)
      await new Promise(resolve => setTimeout(resolve, 1000))
      runs[`gdb -p, target on node ${major}`] = () => time('gdb', [...backtrace, '-p', String(target.pid)])
      for (const tool of tools)
        runs[`impasse <pid> on node ${tool.major}`] = () => time(tool.path, [impasse, String(target.pid)])
      const core = await coreOf(path, folder, groups)
      if (core !== undefined) {
        runs['gdb node core'] = () => time('gdb', [...backtrace, path, core])
        for (const tool of tools)
          runs[`impasse core on node ${tool.major}`] = () => time(tool.path, [impasse, 'core', core])
      }
      const medians = interleaved(runs, Number(process.env.ROUNDS ?? 5))
      line('', 'median ms', '/ gdb')
      let peer = 1
      for (const [name, value] of medians) {
        if (name.startsWith('gdb')) peer = value
        line(name, value.toFixed(0), (value / peer).toFixed(2))
      }
      for (const tool of tools) {
        const live = peakMemory(tool.path, [impasse, String(target.pid)])
        line(`peak memory of impasse <pid> on node ${tool.major}, MiB`, live.toFixed(0))
        if (core === undefined) continue
        line('… of impasse core, MiB', peakMemory(tool.path, [impasse, 'core', core]).toFixed(0))
      }
    }
  } finally {
    for (const group of groups) end(group)
    rmSync(folder, { recursive: true })
  }
}

/** By the kernel; undefined where it writes none here. */
async function coreOf(node, folder, groups) {
  if (readFileSync('/proc/sys/kernel/core_pattern', 'utf8').trim() !== 'core') {
    console.log('The kernel writes no cores here (core_pattern).')
    return undefined
  }
  const own = mkdtempSync(join(folder, 'core-'))
  const line = 'ulimit -c unlimited && exec "$0" "$@"'
  const child = spawn('sh', ['-c', line, node, program, 'execSync'], {
    cwd: own,
    detached: true,
    stdio: 'ignore',
  })
  groups.push(child.pid)
  await new Promise(resolve => setTimeout(resolve, 1500))
  const exited = once(child, 'exit')
  child.kill('SIGABRT')
  await exited
  const file = readdirSync(own).find(name => name.startsWith('core'))
  return file === undefined ? undefined : join(own, file)
}

function end(group) {
  try {
    process.kill(-group, 'SIGKILL')
  } catch {}
}
