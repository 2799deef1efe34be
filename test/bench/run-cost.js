// What `impasse run` costs a healthy run, and how long a hang takes to its end beyond the chosen quiet time.

import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { impasse, line, root } from './measure.js'

const rounds = Number(process.env.ROUNDS ?? 9)

function measure(args, cwd) {
  const begun = performance.now()
  const { status } = spawnSync(args[0], args.slice(1), { cwd, stdio: ['ignore', 'ignore', 'ignore'] })
  return { wall: performance.now() - begun, status }
}

/** CPU time of a command with all its children, milliseconds (`times` of the shell, from times(2)). */
function cpuOf(args, cwd) {
  const line = args.map(part => `'${part}'`).join(' ')
  const { stdout } = spawnSync('sh', ['-c', `${line} >/dev/null 2>&1; times`], { cwd, encoding: 'utf8' })
  const [user, system] = stdout.trim().split('\n')[1].split(' ')
  return toMs(user) + toMs(system)
}

function toMs(text) {
  const [minutes, seconds] = text.replace('s', '').split('m')
  return Number(minutes) * 60_000 + Number(seconds) * 1000
}

const median = values => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]

export async function run() {
  const folder = mkdtempSync(join(tmpdir(), 'impasse-bench-'))
  try {
    const cwd = `${root}fixtures/ci-vitest`
    const plain = [process.execPath, `${root}node_modules/vitest/vitest.mjs`, 'run', 'passes', 'slow']
    const watched = [
      process.execPath,
      impasse,
      'run',
      '--report-dir',
      join(folder, 'reports'),
      '--',
      ...plain,
    ]
    const wall = []
    const cpu = []
    for (let round = 0; round < rounds; round++) {
      const pairs = [measure(plain, cwd), measure(watched, cwd)]
      wall.push(pairs[1].wall / pairs[0].wall)
      cpu.push(cpuOf(watched, cwd) / cpuOf(plain, cwd))
    }
    line('', '× plain', '')
    line('impasse run -- vitest run: wall time', median(wall).toFixed(3), '')
    line('impasse run -- vitest run: CPU time', median(cpu).toFixed(3), '')
    const ten = `for i in 1 2 3 4 5 6 7 8 9; do ${process.execPath} -e 'setInterval(() => {}, 1e6)' & done; exec ${process.execPath} ${root}fixtures/three-threads-deadlock.mjs`
    const quiet = 2000
    const args = [
      'run',
      '--quiet-for',
      String(quiet),
      '--report-dir',
      join(folder, 'ten'),
      '--',
      'sh',
      '-c',
      ten,
    ]
    const { wall: whole, status } = measure([process.execPath, impasse, ...args], cwd)
    line(
      `ten processes, one of them deadlocked: start to end beyond ${quiet} ms of quiet`,
      whole - quiet,
      `exit ${status}`,
    )
  } finally {
    rmSync(folder, { recursive: true })
  }
}
