/** The names that scripts, maps and sources go by, turned into paths and back. */
import { fileURLToPath, pathToFileURL } from 'node:url'

/** The path of a script's file; undefined for code that has none (`node:…`, `[worker eval]`, `''`). */
export function pathOf(scriptUrl: string): string | undefined {
  if (scriptUrl.startsWith('/')) return scriptUrl
  return scriptUrl.startsWith('file://') ? resolvePath(scriptUrl, undefined) : undefined
}

/** The `file:` URL of a path. */
export function urlOf(path: string): string {
  return pathToFileURL(path).href
}

/** The path of a file that a URL names, without query and fragment; a relative one needs a base. */
export function resolvePath(url: string, base: string | undefined): string | undefined {
  try {
    // A percent sign that encodes nothing is one of a plain path.
    const resolved = new URL(url.replace(/%(?![0-9a-f]{2})/gi, '%25'), base)
    if (resolved.protocol !== 'file:') return undefined
    resolved.search = ''
    resolved.hash = ''
    return fileURLToPath(resolved)
  } catch {
    return undefined
  }
}

/** A name that was meant as a path: its `#` and `?` belong to it. */
export function literalUrl(name: string): string {
  return name.replace(/[#?]/g, encodeURIComponent)
}
