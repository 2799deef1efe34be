/** Computations in unwind tables (DWARF 5 section 2.5). */
import { Cursor } from './dwarf-cursor.ts'

/** The value of a DWARF expression made of what occurs in unwind tables; undefined for anything else. */
export function evaluate(
  expression: Buffer,
  initial: number | undefined,
  register: (number: number) => number | undefined,
  load: (address: number) => number | undefined,
): number | undefined {
  const stack: number[] = initial === undefined ? [] : [initial]
  try {
    const cursor = new Cursor(expression)
    while (!cursor.ended) {
      const code = cursor.byte()
      if (code >= 0x30 && code <= 0x4f) stack.push(code - 0x30)
      else if (code >= 0x70 && code <= 0x8f)
        stack.push((register(code - 0x70) ?? Number.NaN) + cursor.signed())
      else if (code === 0x08) stack.push(cursor.byte())
      else if (code === 0x09) stack.push((cursor.byte() << 24) >> 24)
      else if (code === 0x0a) stack.push(cursor.uint16())
      else if (code === 0x06) stack.push(load(stack.pop() ?? Number.NaN) ?? Number.NaN)
      else if (code === 0x23) stack.push((stack.pop() ?? Number.NaN) + cursor.unsigned())
      else {
        const second = stack.pop() ?? Number.NaN
        const first = stack.pop() ?? Number.NaN
        if (code === 0x1a) stack.push(second >= 0 && second < 256 ? (first % 256) & second : Number.NaN)
        else if (code === 0x22) stack.push(first + second)
        else if (code === 0x1c) stack.push(first - second)
        else if (code === 0x24) stack.push(first * 2 ** second)
        else if (code === 0x2a) stack.push(first >= second ? 1 : 0)
        else return undefined
      }
    }
  } catch {
    return undefined
  }
  const value = stack.at(-1)
  return value === undefined || !Number.isSafeInteger(value) ? undefined : value
}
