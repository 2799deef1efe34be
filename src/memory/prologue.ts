/** What the first instructions of a function do to its stack. */
import type { Code } from './images.ts'

/**
 * The distance from the stack pointer to the frame pointer in the body of a function, from its first instructions:
 * `push rbp; mov rbp, rsp`, pushes of other registers, `sub rsp, n`. Right unless the function moves its stack pointer later on, which the
 * frame that it leads to is checked for.
 */
export function frameSize({ image }: Extract<Code, { kind: 'native' }>, start: number): number | undefined {
  const bytes = image.elf.bytesAt(start, 96)
  if (bytes === undefined) return undefined
  let at = 0
  const begins = (...expected: readonly number[]) =>
    expected.every((byte, index) => bytes[at + index] === byte)
  if (begins(0xf3, 0x0f, 0x1e, 0xfa)) at += 4 // endbr64
  if (!begins(0x55)) return undefined
  at += 1
  let pushed = 0
  let framed = false
  for (let count = 0; count < 24 && at < 80; count++) {
    if (!framed && (begins(0x48, 0x89, 0xe5) || begins(0x48, 0x8b, 0xec))) {
      framed = true
      at += 3
    } else if (begins(0x41) && (bytes[at + 1]! & 0xf8) === 0x50) {
      pushed += framed ? 8 : Number.NaN
      at += 2
    } else if ((bytes[at]! & 0xf8) === 0x50) {
      pushed += framed ? 8 : Number.NaN
      at += 1
    } else if (framed && begins(0x48, 0x83, 0xec)) return pushed + bytes.readInt8(at + 3)
    else if (framed && begins(0x48, 0x81, 0xec)) return pushed + bytes.readInt32LE(at + 3)
    else {
      const length = plainMove(bytes, at)
      // Without a subtraction the pushes are all there is, if any code follows that is not understood.
      if (length === undefined) return framed && !Number.isNaN(pushed) ? pushed : undefined
      at += length
    }
  }
  return undefined
}

/** The length of a move, load of an address or clearing that compilers put among the pushes and that leaves rsp alone. */
function plainMove(bytes: Buffer, at: number): number | undefined {
  let length = 0
  while (bytes[at + length] === 0x66) length += 1
  const rex = (bytes[at + length]! & 0xf0) === 0x40 ? bytes[at + length]! : 0
  if (rex !== 0) length += 1
  const code = bytes[at + length]!
  if (code >= 0xb8 && code <= 0xbf) return rex & 8 ? undefined : length + 5
  if (code === 0x0f && (bytes[at + length + 1] === 0x57 || bytes[at + length + 1] === 0xef)) return length + 3
  if (![0x89, 0x8b, 0x8d, 0x31, 0x33, 0x85].includes(code)) return undefined
  const form = bytes[at + length + 1]!
  const [mode, memory] = [form >> 6, form & 7]
  if (mode === 3) {
    // A move into rsp or rbp is another kind of function.
    const into = code === 0x8b ? ((form >> 3) & 7) | ((rex & 4) << 1) : memory | ((rex & 1) << 3)
    return code !== 0x85 && (into === 4 || into === 5) ? undefined : length + 2
  }
  const index = memory === 4 ? 1 : 0
  if (mode === 0) return length + 2 + index + (memory === 5 ? 4 : 0)
  return length + 2 + index + (mode === 1 ? 1 : 4)
}
