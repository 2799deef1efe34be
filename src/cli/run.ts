/** `impasse run -- <command>`: the command as it is, and a diagnosis when it hangs. */

import { OWN_FAILURE_EXIT_CODE, type RunOptions } from '../run/options.ts'
import { run as runCommand } from '../run/run.ts'

export interface RunArguments {
  readonly quietFor: number
  readonly timeout?: number
  readonly before?: number
  readonly grace: number
  readonly reportDir: string
  readonly continueOnHang?: boolean
  readonly freePorts?: boolean
}

/** Gives the exit code: the command's own, or one of timeout(1)'s. `given`: whether the user named the quiet time. */
export async function run(line: readonly string[], options: RunArguments, given: boolean): Promise<number> {
  const { quietFor, timeout, before, grace, reportDir, continueOnHang = false, freePorts = false } = options
  const chosen: RunOptions = {
    quietFor,
    quietForGiven: given,
    ...(timeout === undefined ? {} : { timeout }),
    ...(before === undefined ? {} : { before }),
    grace,
    reportDir,
    continueOnHang,
    freePorts,
  }
  const [file, ...args] = line
  if (file === undefined || process.platform !== 'linux') {
    process.stderr.write(
      file === undefined
        ? 'impasse: There is no command to run. Name one: impasse run -- npm test\n'
        : 'impasse: `impasse run` watches processes through /proc, which only Linux has. Run the command by itself.\n',
    )
    return OWN_FAILURE_EXIT_CODE
  }
  return runCommand(file, args, chosen)
}
