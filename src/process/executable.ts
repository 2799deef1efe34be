/** Which JavaScript runtime an image (an executable, or a library mapped into one) holds. */
import { existsSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import type { Unknown } from '../snapshot/model.ts'
import { ElfFile } from './elf.ts'
import { textOf } from './proc.ts'

export type Executable =
  | {
      readonly kind: 'node'
      readonly version: string | Unknown
      readonly v8: string | Unknown
      readonly arch: string
    }
  /** Speaks JavaScript, but is not Node: Impasse cannot read it. */
  | { readonly kind: 'relative'; readonly name: string }
  | { readonly kind: 'stranger' }

/** V8's version, a `const char*` that each build of Node so far exports; it ends in `-node.<n>`, Electron's in `-electron.<n>`. */
const v8Version = '_ZN2v88internal7Version15version_string_E'
/** `node::Start(int, char**)`. */
const nodeStart = '_ZN4node5StartEiPPc'

/** What follows may be the next text without a NUL in between, as in `node.js/v24.21.0Protocol-Version`. */
const versionText = /^node\.js\/(v\d+\.\d+\.\d+(?:-(?:nightly|rc|test|pre|canary)[-\w.]*)?)/

/**
 * `file` is what is opened (`/proc/<pid>/exe` works for a deleted file and for one in another mount namespace), `path`
 * is its name.
 */
export function inspectExecutable(file: string, path: string): Executable {
  const image = ElfFile.open(file)
  if (!image) return { kind: 'stranger' }
  try {
    return recognise(image, file, path)
  } catch {
    return { kind: 'stranger' } // A damaged image: its tables point outside the file.
  } finally {
    image.close()
  }
}

function recognise(image: ElfFile, file: string, path: string): Executable {
  const v8At = image.symbol(v8Version)
  const v8Text = v8At === undefined ? undefined : image.textAt(image.pointerAt(v8At) ?? 0)
  const isNode = v8Text?.includes('-node.') || image.symbol(nodeStart) !== undefined
  if (v8Text?.includes('-electron.') || (isNode && isChromium(file, path)))
    return { kind: 'relative', name: 'Electron' }
  if (isNode) {
    const v8 = v8Text || { unknown: 'the executable does not export V8’s version' }
    return { kind: 'node', version: nodeVersion(image), v8, arch: image.arch }
  }
  if (/^bun\b/.test(basename(path)) || image.section('.bun')) return { kind: 'relative', name: 'Bun' }
  if (/^deno\b/.test(basename(path))) return { kind: 'relative', name: 'Deno' }
  // Who offers Node-API without being Node: Deno under another name (`deno compile`), or one of the kind.
  if (image.symbol('napi_get_node_version') !== undefined)
    return { kind: 'relative', name: 'Deno (or another runtime that offers Node-API)' }
  return { kind: 'stranger' }
}

/** Electron ships Chromium's resources beside its executable, whatever that is called. */
function isChromium(file: string, path: string): boolean {
  const root = file.endsWith('/exe') ? file.replace(/exe$/, 'root') : ''
  return existsSync(`${root}${dirname(path)}/chrome_100_percent.pak`)
}

/**
 * The inspector's answer to /json/version starts with `node.js/v22.1.0`; that text stands in the first megabyte of
 * .rodata in all releases from 18 to 26.
 */
function nodeVersion(image: ElfFile): string | Unknown {
  const section = image.section('.rodata')
  const end = section ? section.offset + section.size : 0
  const step = 1 << 20
  const overlap = 128
  for (let at = section?.offset ?? 0; at < end; at += step) {
    const bytes = image.at(at, Math.min(step + overlap, end - at))
    const found = bytes.indexOf('node.js/v')
    const version = found === -1 ? null : versionText.exec(bytes.toString('latin1', found, found + overlap))
    if (version?.[1]) return version[1]
  }
  return { unknown: 'the executable does not name its version (built without inspector?)' }
}

/** What runs in a process: its executable, or a library of Node's mapped into it (`libnode.so`, an embedder's own). */
export function imageOf(pid: number, executable: string): Executable {
  const image = inspectExecutable(`/proc/${pid}/exe`, executable)
  if (image.kind !== 'stranger') return image
  for (const path of mappedLibraries(pid)) {
    const library = inspectExecutable(`/proc/${pid}/root${path}`, path)
    if (library.kind !== 'stranger') return library
  }
  return image
}

/** Mapped shared objects that may hold Node: V8 alone has tens of megabytes of code, or it says so by its name. */
function mappedLibraries(pid: number): Set<string> {
  const paths = new Set<string>()
  for (const line of (textOf(`/proc/${pid}/maps`) ?? '').split('\n')) {
    const [range = '', permissions = ''] = line.split(' ', 2)
    const path = line.slice(line.indexOf('/'))
    if (!permissions.includes('x') || !line.includes('/')) continue
    const [from, to] = range.split('-').map(address => Number.parseInt(address, 16)) as [number, number]
    if (to - from > 12 * 2 ** 20 || /node/.test(basename(path))) paths.add(path)
  }
  return paths
}
