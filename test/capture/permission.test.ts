/** Whom the kernel lets not look is told so, with a way out. */
import { spawnSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { fixturePath, startFixture } from '../support/spawn-fixture.ts'

const isRoot = process.getuid?.() === 0
const hasSetpriv = spawnSync('setpriv', ['--version']).status === 0

function impasse(privileges: readonly string[], ...args: readonly string[]) {
  const bin = fixturePath('../bin/impasse.js')
  const command = [...privileges, process.execPath, bin, ...args]
  const { status, stdout, stderr } = spawnSync('setpriv', command, { encoding: 'utf8' })
  return { code: status, stdout, stderr }
}

describe.runIf(isRoot && hasSetpriv)('as root, who gives up', () => {
  const nobody = ['--reuid', '65534', '--regid', '65534', '--clear-groups']
  const unable = ['--bounding-set', '-sys_ptrace', '--inh-caps', '-sys_ptrace']

  test.each([[[]], [['--no-inspector']]])('the user: %j', async options => {
    const { pid } = await startFixture('idle-timer.mjs')
    const { code, stderr } = impasse(nobody, ...options, String(pid))
    expect(code).toBe(2)
    expect(stderr).toMatch(/belongs to user 0, and this user \(65534\) may not look at it/)
    expect(stderr).toMatch(new RegExp(`sudo impasse ${pid}`))
    const json = impasse(nobody, ...options, '--json', String(pid))
    expect(JSON.parse(json.stdout).error).toMatchObject({ code: 'IMPASSE_NO_PERMISSION' })
  })

  test('the capability to trace', async () => {
    const { pid } = await startFixture('idle-timer.mjs')
    const { code, stderr } = impasse(unable, String(pid))
    expect(code).toBe(2)
    expect(stderr).toMatch(/CAP_SYS_PTRACE is missing/)
    expect(stderr).toMatch(/--cap-add=SYS_PTRACE/)
  })
})
