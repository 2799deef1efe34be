/** Leaves the target as it was: threads resumed, sessions detached, the inspector ended if it was ours. */

import { connections } from '../process/sockets.ts'
import type { Target } from '../process/target.ts'
import { isUnknown } from '../snapshot/model.ts'
import type { Opened } from './open-inspector.ts'

const RESUME_MS = 300
const END_MS = 500

/** What is done once, on every way out; a second call waits for the first. */
export function releaser(target: Target, { inspected, access, port }: Opened): () => Promise<void> {
  let releasing: Promise<void> | undefined
  const release = async () => {
    await Promise.all(inspected.threads.map(thread => thread.resume(RESUME_MS)))
    for (const thread of inspected.threads) thread.disable()
    if (access === 'opened' && !hasOtherClient(target.pid, port)) await inspected.endInspector(END_MS)
    inspected.close()
  }
  return () => {
    releasing ??= release()
    return releasing
  }
}

/** Somebody else's debugger would be cut off if the inspector ended. */
function hasOtherClient(pid: number, port: number): boolean {
  const all = connections(pid)
  return (
    !isUnknown(all) &&
    all.filter(({ local, state }) => local.port === port && state === 'established').length > 1
  )
}
