/** The bytes of an open file by their place in it. */
import { readSync } from 'node:fs'

/** Reads bytes at a place; undefined unless all of them are there. */
export type Reader = (at: number, length: number) => Buffer | undefined

/** No single reading is longer, bytes. */
const LONGEST = 96 * 2 ** 20
const BLOCK = 64 * 1024

/** Short readings come from blocks that are kept: there are a thousand of them in a few places. */
export function fileReader(fd: number): Reader {
  const blocks = new Map<number, Buffer>()
  const read = (at: number, length: number) => {
    const buffer = Buffer.allocUnsafe(length)
    return buffer.subarray(0, readSync(fd, buffer, 0, length, at))
  }
  const block = (number: number) => {
    const known = blocks.get(number) ?? read(number * BLOCK, BLOCK)
    blocks.set(number, known)
    return known
  }
  return (at, length) => {
    if (!Number.isSafeInteger(at) || at < 0 || !(length >= 0) || length > LONGEST) return undefined
    try {
      const from = at % BLOCK
      const bytes =
        from + length <= BLOCK ? block((at - from) / BLOCK).subarray(from, from + length) : read(at, length)
      return bytes.length === length ? bytes : undefined
    } catch {
      return undefined
    }
  }
}
