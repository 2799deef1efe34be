// Sixty-four workers against two: the time of one attach.
import { impasse, interleaved, line, root, start, time } from './measure.js'

export async function run() {
  const few = await start(process.execPath, ['--inspect-port=0', `${root}fixtures/parked-pool.mjs`, '2'])
  const many = await start(process.execPath, ['--inspect-port=0', `${root}fixtures/parked-pool.mjs`, '64'])
  try {
    const medians = interleaved(
      {
        'three threads': () => time(process.execPath, [impasse, String(few.pid), '--json']),
        'sixty-five threads': () => time(process.execPath, [impasse, String(many.pid), '--json']),
      },
      7,
    )
    const [three, more] = [...medians.values()]
    line('', 'median ms', 'ratio')
    line('main and 2 workers', three.toFixed(0), '1.00')
    line('main and 64 workers', more.toFixed(0), (more / three).toFixed(2))
  } finally {
    few.kill('SIGKILL')
    many.kill('SIGKILL')
  }
}
