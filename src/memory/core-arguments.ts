/**
 * The arguments and the environment that a process in a core was started with, whole: the kernel puts them at the end of the main thread's
 * stack, pointers before the auxiliary vector, texts behind it (create_elf_tables in fs/binfmt_elf.c).
 */
import type { CoreNotes } from './core-notes.ts'
import type { Memory } from './memory.ts'

export interface StartOfProcess {
  readonly args: readonly string[]
  readonly environment: ReadonlyMap<string, string>
}

/** AT_RANDOM of getauxval(3): sixteen bytes a little above the vector. */
const RANDOM = 25
const NEAR = 4096
const MOST_TEXTS = 10_000
const LONGEST_TEXT = 128 * 1024

/** Undefined where the stack does not look so. */
export function startOfProcess(memory: Memory, notes: CoreNotes): StartOfProcess | undefined {
  const random = notes.auxiliary.get(RANDOM)
  const before = random === undefined ? undefined : memory.bytes(random - NEAR, NEAR)
  const found = before?.indexOf(notes.auxiliaryBytes.subarray(0, 48)) ?? -1
  if (random === undefined || found === -1 || notes.auxiliaryBytes.length < 48) return undefined
  const vector = random - NEAR + found
  const environment = pointersBefore(memory, vector - 8)
  const args = environment && pointersBefore(memory, environment.start - 8, true)
  if (environment === undefined || args === undefined) return undefined
  const texts = environment.pointers.map(at => textAt(memory, at))
  return {
    args: args.pointers.map(at => textAt(memory, at)),
    environment: new Map(
      texts.map(text => [text.slice(0, text.indexOf('=')), text.slice(text.indexOf('=') + 1)] as const),
    ),
  }
}

/** The pointers before a null; `counted`: before them stands how many they are, else another null. */
function pointersBefore(
  memory: Memory,
  end: number,
  counted = false,
): { readonly pointers: readonly number[]; readonly start: number } | undefined {
  if (memory.word(end) !== 0) return undefined
  const pointers: number[] = []
  for (let at = end - 8; pointers.length <= MOST_TEXTS; at -= 8) {
    const word = memory.word(at)
    if (word === undefined) return undefined
    if (counted ? word === pointers.length : word === 0) return { pointers, start: at + 8 }
    pointers.unshift(word)
  }
  return undefined
}

/** The text at an address, up to its NUL; empty where nothing can be read. */
export function textAt(memory: Memory, address: number): string {
  let text = ''
  for (let at = address; text.length < LONGEST_TEXT; ) {
    const bytes = memory.bytes(at, 256 - (at % 256))
    if (bytes === undefined) return text
    const end = bytes.indexOf(0)
    text += bytes.toString('utf8', 0, end === -1 ? undefined : end)
    if (end !== -1) return text
    at += bytes.length
  }
  return text
}
