// Two thousand scripts: what announcing them (`Debugger.enable`) costs a deadlocked process.
import { impasse, interleaved, line, root, start, time } from './measure.js'

export async function run() {
  const small = await start(process.execPath, ['--inspect-port=0', `${root}fixtures/many-scripts.cjs`, '0'])
  const big = await start(process.execPath, ['--inspect-port=0', `${root}fixtures/many-scripts.cjs`, '2000'])
  try {
    const medians = interleaved(
      {
        few: () => time(process.execPath, [impasse, String(small.pid), '--json']),
        many: () => time(process.execPath, [impasse, String(big.pid), '--json']),
      },
      7,
    )
    const [few, many] = [...medians.values()]
    line('', 'median ms', 'ratio')
    line('no script but its own', few.toFixed(0), '1.00')
    line('2 000 scripts', many.toFixed(0), (many / few).toFixed(2))
  } finally {
    small.kill('SIGKILL')
    big.kill('SIGKILL')
  }
}
