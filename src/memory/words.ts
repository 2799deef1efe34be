/** Bytes as 32-bit words, for long tables: reading these one by one from a Buffer takes several times as long. */
export function wordsOf(bytes: Buffer): Uint32Array {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : Buffer.from(Uint8Array.from(bytes).buffer)
  return new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.length >> 2)
}
