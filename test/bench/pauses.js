// How long a working thread is held up: two deadlocked workers, and a main thread that stamps the time in a loop.
import { spawnSync } from 'node:child_process'
import { impasse, line, median, nodes, root, start } from './measure.js'

export async function run() {
  line('main thread beside two deadlocked workers', 'longest gap', 'paused', 'waves')
  for (const { major, path } of nodes((process.env.MAJORS ?? '18,20,22,24,26').split(','))) {
    const target = await start(path, ['--inspect-port=0', `${root}fixtures/abba-workers.mjs`, 'stamping'])
    const gaps = []
    const pauses = []
    let waves = 0
    try {
      for (let round = 0; round < 7; round += 1) {
        await secondsOf(target, 1)
        const { stdout } = spawnSync(process.execPath, [impasse, String(target.pid), '--json'], {
          encoding: 'utf8',
        })
        const { pausedMs, cost } = JSON.parse(stdout)
        pauses.push(pausedMs)
        waves = Math.max(waves, cost.pausedWaves ?? 0)
        gaps.push(Math.max(...(await secondsOf(target, 2))))
      }
    } finally {
      target.kill('SIGKILL')
    }
    line(`node ${major}`, `${median(gaps).toFixed(1)} ms`, `${median(pauses).toFixed(1)} ms`, waves)
  }
}

/** The longest gaps of the seconds to come. */
async function secondsOf(target, count) {
  const seen = gapsOf(target).length
  while (gapsOf(target).length < seen + count) await new Promise(resolve => setTimeout(resolve, 20))
  return gapsOf(target).slice(seen)
}

function gapsOf(target) {
  return [...target.output().matchAll(/longest gap ([\d.]+)/g)].map(found => Number(found[1]))
}
