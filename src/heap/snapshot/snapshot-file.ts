/** A `.heapsnapshot` file (`v8.writeHeapSnapshot()`, `--heapsnapshot-signal`, DevTools), read as a stream and with distrust. */
import { closeSync, createReadStream, openSync, readSync } from 'node:fs'
import { StringDecoder } from 'node:string_decoder'
import { ImpasseError } from '../../errors.ts'
import { fileReason } from '../../snapshot/file-errors.ts'
import { type HeapSnapshot, HeapSnapshotParser } from './heap-snapshot.ts'
import { flawIn } from './heap-tables.ts'

/** Uncompressed. Its tables take up to twice as much memory. */
const MOST_BYTES = 1_500_000_000
/** So much of a file tells what it is. */
const BEGINNING = 65_536

/** Whether a file begins as a heap snapshot does, compressed or not; false where it cannot be read. */
export async function isHeapSnapshotFile(file: string): Promise<boolean> {
  const bytes = beginningOf(file)
  if (bytes === undefined) return false
  const text = isGzip(bytes) ? await unzippedBeginning(bytes) : bytes.toString('utf8')
  return /^\s*\{\s*"snapshot"\s*:\s*\{\s*"(?:meta|title)"/.test(text)
}

/** The tables of the snapshot. Throws an `ImpasseError` with one sentence for a file that is cut or damaged, or too large. */
export async function readHeapSnapshotFile(
  file: string,
  mostBytes: number = MOST_BYTES,
): Promise<HeapSnapshot> {
  const parser = new HeapSnapshotParser()
  try {
    const decoder = new StringDecoder('utf8')
    let length = 0
    for await (const chunk of await streamOf(file)) {
      length += chunk.length
      if (length > mostBytes) throw tooLarge(file, mostBytes)
      parser.write(decoder.write(chunk))
    }
  } catch (error) {
    if (error instanceof ImpasseError) throw error
    const { code } = error as NodeJS.ErrnoException
    if (code === 'Z_BUF_ERROR') throw damaged(file, 'it ends in the middle')
    if (code?.startsWith('Z_')) throw damaged(file, 'its compression is damaged')
    if (code !== undefined && !code.startsWith('ERR_'))
      throw new ImpasseError(
        'IMPASSE_READ',
        `${file} cannot be read: ${fileReason(error)}.`,
        'Name another file.',
      )
    throw damaged(file, 'its parts do not fit together')
  }
  const snapshot = parser.result
  if (snapshot === undefined) throw damaged(file, 'it ends in the middle, or its parts do not fit together')
  const flaw = flawIn(snapshot)
  if (flaw !== undefined) throw damaged(file, flaw)
  return snapshot
}

async function streamOf(file: string): Promise<AsyncIterable<Buffer>> {
  const stream = createReadStream(file, { highWaterMark: 2 ** 20 })
  const bytes = beginningOf(file)
  if (bytes === undefined || !isGzip(bytes)) return stream
  const { createGunzip } = await import('node:zlib')
  const unzipped = createGunzip({ chunkSize: 2 ** 20 })
  stream.once('error', error => unzipped.destroy(error))
  return stream.pipe(unzipped)
}

function beginningOf(file: string): Buffer | undefined {
  let descriptor: number | undefined
  try {
    descriptor = openSync(file, 'r')
    const bytes = Buffer.alloc(BEGINNING)
    // At a position, so that nothing is taken out of a pipe.
    return bytes.subarray(0, readSync(descriptor, bytes, 0, BEGINNING, 0))
  } catch {
    return undefined
  } finally {
    if (descriptor !== undefined) closeSync(descriptor)
  }
}

/** By its first two bytes (RFC 1952). */
function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b
}

async function unzippedBeginning(bytes: Buffer): Promise<string> {
  const { constants, gunzipSync } = await import('node:zlib')
  try {
    // The rest is missing, and may be large.
    return gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, 1000).toString('utf8')
  } catch {
    return ''
  }
}

function tooLarge(file: string, mostBytes: number): ImpasseError {
  return new ImpasseError(
    'IMPASSE_TOO_LARGE',
    `${file} is a heap snapshot of more than ${Math.floor(mostBytes / 1_000_000)} MB, which is the most that is read.`,
    'A core file of the process has no such limit: impasse core <file>.',
  )
}

function damaged(file: string, why: string): ImpasseError {
  return new ImpasseError(
    'IMPASSE_DAMAGED',
    `${file} is no whole heap snapshot: ${why}.`,
    'Copy it again, or write it again with v8.writeHeapSnapshot().',
  )
}
