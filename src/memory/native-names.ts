/** The names of the native functions on stacks, each image's tables read once for all of them. */
import { demangled } from './demangled-name.ts'
import type { Image } from './images.ts'
import type { PhysicalFrame } from './unwinder.ts'

export class NativeNames {
  readonly #names = new Map<Image, ReadonlyMap<number, string>>()

  constructor(frames: readonly PhysicalFrame[]) {
    const addresses = new Map<Image, Set<number>>()
    for (const frame of frames) {
      if (frame.code.kind !== 'native') continue
      const { image } = frame.code
      addresses.set(image, (addresses.get(image) ?? new Set()).add(frame.code.address))
    }
    for (const [image, wanted] of addresses) this.#names.set(image, namesIn(image, [...wanted]))
  }

  /** Empty where its image has no name for it. */
  of({ code }: PhysicalFrame): string {
    if (code.kind !== 'native') return ''
    const name = this.#names.get(code.image)?.get(code.address)
    return name === undefined ? '' : demangled(name)
  }
}

/** By build: the same functions are seen in each look. */
const known = new Map<string, Map<number, string | undefined>>()

function namesIn(image: Image, addresses: readonly number[]): ReadonlyMap<number, string> {
  const build = image.elf.buildId
  const before = (build === undefined ? undefined : known.get(build)) ?? new Map<number, string | undefined>()
  if (build !== undefined) known.set(build, before)
  const asked = addresses.filter(address => !before.has(address))
  const found = lookUp(image, asked)
  for (const address of asked) before.set(address, found.get(address))
  return new Map(
    addresses.flatMap(address => {
      const name = before.get(address)
      return name === undefined ? [] : [[address, name] as const]
    }),
  )
}

/** The full table is long, and only few images have one: it is read for what the exported names leave open. */
function lookUp(image: Image, addresses: readonly number[]): ReadonlyMap<number, string> {
  if (addresses.length === 0) return new Map()
  const exported = image.elf.namesAt(addresses)
  const open = addresses.filter(address => !exported.has(address))
  if (open.length === 0) return exported
  return new Map([...exported, ...(image.file()?.namesAt(open, true) ?? [])])
}
