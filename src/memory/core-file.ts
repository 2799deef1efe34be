/**
 * A core file (core(5), elf(5)) as the kernel or gdb's gcore writes it: what of the memory it holds, and its notes. Nothing of
 * it is trusted: a length that leads outside of the file ends the reading.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { ImpasseError } from '../errors.ts'
import { fileReason } from '../snapshot/file-errors.ts'
import { type CoreNotes, readNotes } from './core-notes.ts'

/** A stretch of the process's memory. */
export interface CoreArea {
  readonly from: number
  readonly to: number
  /** Where its bytes begin in the file, and how many of them the file holds; the rest is that of a mapped file. */
  readonly offset: number
  readonly held: number
  readonly readable: boolean
  readonly writable: boolean
  readonly executable: boolean
}

const LOAD = 1
const NOTE = 4
const CORE = 4
const X86_64 = 62
const MOST_NOTES = 64 * 2 ** 20
const MOST_AREAS = 1_000_000

export class CoreFile {
  readonly path: string
  readonly areas: readonly CoreArea[]
  readonly notes: CoreNotes
  /** When it was written, ISO 8601. */
  readonly writtenAt: string
  readonly #fd: number

  /** Throws an `ImpasseError` for anything that is no whole core of a 64-bit program for x86-64. */
  static open(path: string): CoreFile {
    let fd: number
    try {
      fd = openSync(path, 'r')
    } catch (error) {
      throw new ImpasseError(
        'IMPASSE_READ',
        `${path} cannot be read: ${fileReason(error)}.`,
        'Name the file that the kernel or gcore wrote.',
      )
    }
    try {
      return new CoreFile(path, fd)
    } catch (error) {
      closeSync(fd)
      throw error
    }
  }

  private constructor(path: string, fd: number) {
    this.path = path
    this.#fd = fd
    const stat = fstatSync(fd)
    if (stat.isDirectory())
      throw new ImpasseError('IMPASSE_FOREIGN', `${path} is a folder, no core.`, 'Name a file in it.')
    if (!stat.isFile())
      throw new ImpasseError(
        'IMPASSE_FOREIGN',
        `${path} is no file.`,
        'A core is read at many places: save it to a file first.',
      )
    this.writtenAt = stat.mtime.toISOString()
    const header = this.at(0, 64)
    refuseOthers(path, header ?? this.at(0, Math.min(64, stat.size)) ?? Buffer.alloc(0))
    const parts = header && this.#parts(header)
    if (parts === undefined) throw truncated(path, stat.size)
    const end = Math.max(0, ...parts.map(({ offset, held }) => offset + held))
    if (end > stat.size) throw truncated(path, stat.size, end)
    this.areas = parts
      .filter(({ type, from, to }) => type === LOAD && to > from)
      .sort((a, b) => a.from - b.from)
    const notes = parts.find(({ type, held }) => type === NOTE && held <= MOST_NOTES)
    const bytes = notes && this.at(notes.offset, notes.held)
    const read = bytes && readNotes(bytes)
    if (read === undefined || read.threads.length === 0)
      throw new ImpasseError(
        'IMPASSE_MALFORMED',
        `${path} is a core without threads.`,
        'Write it again, with the kernel (`kill -ABRT`) or with gcore.',
      )
    this.notes = read
  }

  /** Undefined unless the file holds all of it. */
  at(offset: number, length: number): Buffer | undefined {
    if (!Number.isSafeInteger(offset) || offset < 0 || !(length >= 0) || length > MOST_NOTES) return undefined
    const bytes = Buffer.allocUnsafe(length)
    return this.fill(offset, bytes) ? bytes : undefined
  }

  fill(offset: number, into: Buffer): boolean {
    try {
      return readSync(this.#fd, into, 0, into.length, offset) === into.length
    } catch {
      return false
    }
  }

  close(): void {
    closeSync(this.#fd)
  }

  #parts(header: Buffer): readonly (CoreArea & { readonly type: number })[] | undefined {
    const entry = header.readUInt16LE(54)
    let count = header.readUInt16LE(56)
    // More than fit into 16 bits: the first section's header has the number (PN_XNUM, elf(5)).
    if (count === 0xffff) count = this.at(wordIn(header, 40), 64)?.readUInt32LE(44) ?? 0
    if (entry < 56 || count === 0 || count > MOST_AREAS) return undefined
    const table = this.at(wordIn(header, 32), entry * count)
    if (table === undefined) return undefined
    return Array.from({ length: count }, (_, index) => {
      const at = index * entry
      const flags = table.readUInt32LE(at + 4)
      const from = wordIn(table, at + 16)
      return {
        type: table.readUInt32LE(at),
        from,
        to: from + wordIn(table, at + 40),
        offset: wordIn(table, at + 8),
        held: wordIn(table, at + 32),
        readable: (flags & 4) !== 0,
        writable: (flags & 2) !== 0,
        executable: (flags & 1) !== 0,
      }
    })
  }
}

/** How files begin that are often taken for cores. */
const compressions: readonly (readonly [string, string, string])[] = [
  ['28b52ffd', 'zstd', 'zstd -d'],
  ['1f8b', 'gzip', 'gunzip'],
  ['fd377a585a00', 'xz', 'unxz'],
  ['04224d18', 'lz4', 'lz4 -d'],
  ['425a68', 'bzip2', 'bunzip2'],
]

function refuseOthers(path: string, header: Buffer): void {
  const hex = header.toString('hex')
  const packed = compressions.find(([magic]) => hex.startsWith(magic))
  if (packed)
    throw new ImpasseError(
      'IMPASSE_FOREIGN',
      `${path} is compressed (${packed[1]}).`,
      `Unpack it first: ${packed[2]} ${path} (systemd keeps such files: \`coredumpctl dump -o core <pid>\` unpacks).`,
    )
  if (!hex.startsWith('7f454c46'))
    throw new ImpasseError(
      'IMPASSE_FOREIGN',
      `${path} is no core file.`,
      'Name a core of Linux; saved snapshots are read by `impasse report`.',
    )
  if (header.length < 20) throw truncated(path, header.length)
  if (header.readUInt16LE(16) !== CORE)
    throw new ImpasseError(
      'IMPASSE_FOREIGN',
      `${path} is a program or library, no core.`,
      'Name the core first, and the executable with --exe.',
    )
  if (header[4] !== 2 || header[5] !== 1 || header.readUInt16LE(18) !== X86_64)
    throw new ImpasseError(
      'IMPASSE_UNSUPPORTED',
      `${path} is a core of a program for another processor; cores are read of x86-64 only.`,
      'Look at it with gdb on such a machine.',
    )
}

function truncated(path: string, size: number, wanted?: number): ImpasseError {
  const found =
    wanted === undefined ? `after ${megabytes(size)}` : `${megabytes(size)} of ${megabytes(wanted)} are there`
  return new ImpasseError(
    'IMPASSE_DAMAGED',
    `${path} is cut off: ${found}.`,
    'Write it again with `ulimit -c unlimited` and enough room on the disk, or copy it again as a whole.',
  )
}

function megabytes(bytes: number): string {
  return bytes < 2 ** 20 ? `${bytes} bytes` : `${Math.round(bytes / 2 ** 20)} MiB`
}

function wordIn(buffer: Buffer, at: number): number {
  return buffer.readUInt32LE(at + 4) * 2 ** 32 + buffer.readUInt32LE(at)
}
