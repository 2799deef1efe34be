/** The identity of a build among an image's notes (GNU build-id note), in hexadecimal; undefined where there is none. */
export function buildIdIn(notes: Buffer): string | undefined {
  for (let at = 0; at + 12 <= notes.length; ) {
    const [nameSize, size, type] = [0, 4, 8].map(field => notes.readUInt32LE(at + field)) as [
      number,
      number,
      number,
    ]
    const name = at + 12
    const content = name + Math.ceil(nameSize / 4) * 4
    if (content + size > notes.length) return undefined
    if (type === 3 && notes.toString('latin1', name, name + nameSize) === 'GNU\0')
      return notes.toString('hex', content, content + size)
    at = content + Math.ceil(size / 4) * 4
  }
  return undefined
}
