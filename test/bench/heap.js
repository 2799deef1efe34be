// A process's heap read from its memory: from nothing to its suspended functions and who refers to them, in a process of its own each time.
import { spawnSync } from 'node:child_process'
import { line, median, nodes, root, start } from './measure.js'

const reader = `
import { readHeaps } from '${root}dist/heap/memory/read-heaps.js'
const begin = performance.now()
const reading = await readHeaps(Number(process.argv[1]))
if ('gap' in reading) throw new Error(reading.gap.reason)
const { graph } = reading.heaps[0]
const activations = graph.activations()
graph.promises()
const found = performance.now() - begin
for (const { node } of activations) graph.retainers(node)
const { user, system } = process.cpuUsage()
console.log(JSON.stringify({
  found,
  whole: performance.now() - begin,
  cpu: (user + system) / 1000,
  peak: process.resourceUsage().maxRSS / 1024,
  activations: activations.filter(({ at }) => at?.script.startsWith('file:')).length,
}))
`

export async function run() {
  const rounds = Number(process.env.ROUNDS ?? 5)
  const sizes = (process.env.SIZES ?? '0,10,100,500').split(',').map(Number)
  line('', 'functions', 'found, ms', 'whole, ms', 'CPU, ms', 'peak, MiB')
  for (const { major, path } of nodes([20, 26])) {
    for (const size of sizes) {
      const program = size === 0 ? 'every-await.mjs' : 'large-heap.mjs'
      const flags = ['--max-old-space-size=4000', `${root}fixtures/async/${program}`, String(size)]
      const target = await start(path, flags)
      try {
        const samples = Array.from({ length: rounds }, () => read(target.pid))
        const middle = key => median(samples.map(sample => sample[key])).toFixed(0)
        line(
          `node ${major}, ${size === 0 ? 'a bare process' : `${size} MB of objects`}`,
          middle('activations'),
          middle('found'),
          middle('whole'),
          middle('cpu'),
          middle('peak'),
        )
      } finally {
        target.kill('SIGKILL')
      }
    }
  }
}

function read(pid) {
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--input-type=module', '-e', reader, '--', String(pid)],
    {
      encoding: 'utf8',
    },
  )
  if (stdout === '') throw new Error(stderr)
  return JSON.parse(stdout)
}
