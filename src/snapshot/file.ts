/** Snapshots as files: written for their owner only, and read with distrust. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { ImpasseError } from '../errors.ts'
import { incoherence } from './coherence.ts'
import { fileReason } from './file-errors.ts'
import type { Snapshot } from './model.ts'
import { isNodeReport, snapshotOfNodeReport } from './node-report.ts'
import { writePrivateFile } from './private-file.ts'
import { upgrade } from './upgrade.ts'

/** V8 has no strings of more than 2^29 - 24 characters, so no larger text can be parsed. */
export const MOST_BYTES = 500_000_000

/** Writes a snapshot as JSON, compressed when the file's name ends in `.gz`. */
export async function writeSnapshot(file: string, snapshot: Snapshot): Promise<void> {
  const text = `${JSON.stringify(snapshot)}\n`
  const content = file.endsWith('.gz') ? (await import('node:zlib')).gzipSync(text) : text
  writePrivateFile(file, content, 'The snapshot')
}

/**
 * Reads a snapshot, the one inside of a JSON report, or a diagnostic report of Node; compressed or not. Throws an `ImpasseError` with one sentence
 * where the file is none.
 */
export async function readSnapshot(file: string, mostBytes: number = MOST_BYTES): Promise<Snapshot> {
  const bytes = await decompressed(readBounded(file, mostBytes), file, mostBytes)
  return checkedSnapshot(parsed(bytes, file), file)
}

/** The snapshot in parsed JSON, brought to the newest version and checked. `name` is what it is called in errors. */
export async function checkedSnapshot(data: unknown, name: string): Promise<Snapshot> {
  const newest = upgrade(snapshotIn(data, name), name)
  const { snapshot: schema } = await import('./schema.ts')
  const result = validated(() => schema.safeParse(newest), name)
  if (!result.success) {
    const issue = result.error.issues[0]
    const where = (issue?.path ?? []).map(String).join('.').slice(0, 100)
    throw malformed(name, `${where || 'its top'}: ${issue?.message.toLowerCase().slice(0, 100)}`)
  }
  const snapshot = result.data as Snapshot
  const problem = incoherence(snapshot)
  if (problem !== undefined) throw malformed(name, problem)
  return snapshot
}

function readBounded(file: string, mostBytes: number): Uint8Array {
  let descriptor: number | undefined
  try {
    descriptor = openSync(file, 'r')
    const { size } = fstatSync(descriptor)
    if (size > mostBytes) throw tooLarge(file, mostBytes)
    const chunks: Buffer[] = []
    let length = 0
    for (;;) {
      // Pipes have no size.
      const chunk = Buffer.allocUnsafe(Math.max(65_536, size + 1 - length))
      const read = readSync(descriptor, chunk, 0, chunk.length, null)
      if (read === 0) return Buffer.concat(chunks, length)
      length += read
      if (length > mostBytes) throw tooLarge(file, mostBytes)
      chunks.push(chunk.subarray(0, read))
    }
  } catch (error) {
    if (error instanceof ImpasseError) throw error
    throw new ImpasseError(
      'IMPASSE_READ',
      `${file} cannot be read: ${fileReason(error)}.`,
      'Name a file that `impasse <pid> --save <file>` or `--json -o <file>` has written.',
    )
  } finally {
    if (descriptor !== undefined) closeSync(descriptor)
  }
}

/** gzip is known by its first two bytes (RFC 1952), whatever the file is called. */
async function decompressed(bytes: Uint8Array, file: string, mostBytes: number): Promise<Uint8Array> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes
  const { gunzipSync } = await import('node:zlib')
  try {
    return gunzipSync(bytes, { maxOutputLength: mostBytes })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(file, mostBytes)
    throw damaged(file, code === 'Z_BUF_ERROR' ? 'it ends in the middle' : 'its compression is damaged')
  }
}

function parsed(bytes: Uint8Array, file: string): unknown {
  if (bytes.length === 0) throw damaged(file, 'it is empty')
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
  try {
    return JSON.parse(text)
  } catch {
    const [first] = text.slice(0, 1000).trimStart()
    const last = text.slice(-1000).trimEnd().at(-1)
    if (first === '{' && last !== '}') throw damaged(file, 'it ends in the middle')
    throw foreign(file, first === '{' ? 'it is no valid JSON' : 'it is no JSON')
  }
}

/** The snapshot itself, the one that a report carries, or what a diagnostic report of Node tells. */
function snapshotIn(data: unknown, name: string): Readonly<Record<string, unknown>> {
  if (!isRecord(data)) throw foreign(name, 'it is JSON of another kind')
  if (data.format === 'impasse-snapshot') return data
  if (isNodeReport(data)) return snapshotOfNodeReport(data)
  if (isHeapSnapshot(data)) throw heapSnapshot(name)
  if (data.format !== 'impasse-report') throw foreign(name, 'it is JSON of another kind')
  if (isRecord(data.snapshot) && data.snapshot.format === 'impasse-snapshot') return data.snapshot
  throw new ImpasseError(
    'IMPASSE_FOREIGN',
    isRecord(data.error)
      ? `${name} is a report of a failed attach, which saw nothing.`
      : `${name} is a report that carries no snapshot.`,
    'Make it with `impasse <pid> --json` and without --no-snapshot, or with --save.',
  )
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** As `v8.writeHeapSnapshot()` and DevTools write it. */
function isHeapSnapshot(data: Readonly<Record<string, unknown>>): boolean {
  return isRecord(data.snapshot) && isRecord(data.snapshot.meta) && Array.isArray(data.nodes)
}

function heapSnapshot(name: string): ImpasseError {
  return new ImpasseError(
    'IMPASSE_FOREIGN',
    `${name} is a heap snapshot of V8, which is read in another way.`,
    'impasse report <file> reads it, and captureHeapFile(file) of the library.',
  )
}

/** What is nested without end overflows the stack of a validator. */
function validated<Result>(validate: () => Result, name: string): Result {
  try {
    return validate()
  } catch (error) {
    if (error instanceof RangeError) throw malformed(name, 'it is nested too deeply')
    throw error
  }
}

function tooLarge(file: string, mostBytes: number): ImpasseError {
  return new ImpasseError(
    'IMPASSE_TOO_LARGE',
    `${file} is larger than ${Math.floor(mostBytes / 1_000_000)} MB, uncompressed, which is the most that is read.`,
    'Save fewer processes in one file: impasse <pid> --save <file>.',
  )
}

function damaged(file: string, why: string): ImpasseError {
  return new ImpasseError(
    'IMPASSE_DAMAGED',
    `${file} is no whole snapshot: ${why}.`,
    'Copy it again, or save it again with `impasse <pid> --save <file>`.',
  )
}

function foreign(name: string, why: string): ImpasseError {
  return new ImpasseError(
    'IMPASSE_FOREIGN',
    `${name} is neither a snapshot nor a report of Impasse: ${why}.`,
    'Name a file that `impasse <pid> --save <file>` or `--json -o <file>` has written.',
  )
}

function malformed(name: string, why: string): ImpasseError {
  return new ImpasseError(
    'IMPASSE_MALFORMED',
    `${name} is no valid snapshot: ${why}.`,
    'Save it again with `impasse <pid> --save <file>`.',
  )
}
