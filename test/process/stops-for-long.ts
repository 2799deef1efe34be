// Stops a process for a reading of two seconds, in which nothing but a kill can come.
import { whileStopped } from '../../src/process/stopped.ts'

const [pid, startTicks] = process.argv.slice(2).map(Number) as [number, number]
await whileStopped({ pid, startTicks }, () =>
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2000),
)
