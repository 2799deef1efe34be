// impasse <pid> --json on three threads in a deadlock, against jstack on three Java threads and gdb's py-bt.

import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { impasse, interleaved, isInstalled, line, nodes, peakMemory, root, start, time } from './measure.js'

export async function run() {
  const folder = mkdtempSync(join(tmpdir(), 'impasse-bench-'))
  const started = []
  try {
    const runs = {}
    const target = await start(process.execPath, [
      '--inspect-port=0',
      `${root}fixtures/three-threads-deadlock.mjs`,
    ])
    started.push(target)
    const tools = nodes([20, 24, 26])
    for (const { major, path } of tools) {
      runs[`node ${major} -e 0`] = () => time(path, ['-e', '0'])
      runs[`impasse on node ${major}`] = () => time(path, [impasse, String(target.pid), '--json'])
    }
    await javaPeer(folder, runs, started)
    await pythonPeer(runs, started)
    const medians = interleaved(runs, Number(process.env.ROUNDS ?? 9))
    const jstack = medians.get('jstack')
    line('', 'median ms', '/ jstack')
    for (const [name, value] of medians) line(name, value.toFixed(0), ratio(value, jstack))
    for (const { major } of tools) {
      const beyond = medians.get(`impasse on node ${major}`) - medians.get(`node ${major} -e 0`)
      line(`impasse beyond bare node ${major}`, beyond.toFixed(0), ratio(beyond, jstack))
    }
    for (const { major, path } of tools)
      line(
        `peak memory on node ${major}, MiB`,
        peakMemory(path, [impasse, String(target.pid), '--json']).toFixed(0),
      )
  } finally {
    for (const child of started) child.kill('SIGKILL')
    rmSync(folder, { recursive: true })
  }
}

async function javaPeer(folder, runs, started) {
  if (!isInstalled('jstack') || !isInstalled('javac'))
    return console.log('jstack is not installed: no Java peer.')
  spawnSync('javac', ['-d', folder, `${root}test/bench/peers/Deadlock.java`], { stdio: 'inherit' })
  const java = await start('java', ['-cp', folder, 'Deadlock'])
  started.push(java)
  runs.jstack = () => time('jstack', [String(java.pid)])
}

async function pythonPeer(runs, started) {
  if (!isInstalled('gdb') || !isInstalled('python3'))
    return console.log('gdb or python3 is not installed: no Python peer.')
  const python = await start('python3', [`${root}test/bench/peers/deadlock.py`])
  started.push(python)
  runs['gdb py-bt'] = () => time('gdb', ['-p', String(python.pid), '-batch', '-ex', 'py-bt'])
}

function ratio(value, peer) {
  return peer === undefined ? '-' : (value / peer).toFixed(2)
}
