/**
 * Two Impasses on one process take turns: the first would otherwise end the inspector under the second, or the second
 * leave it open. The token is an abstract Unix socket (unix(7)): the kernel frees it when its owner dies, however.
 */
import { createServer, type Server } from 'node:net'
import type { Target } from '../process/target.ts'
import { type Clock, sleep } from './clock.ts'

export interface Turn {
  end(): void
}

/** Waits until no other Impasse looks at the process; after half of the time that is left it goes on all the same. */
export async function takeTurn(target: Target, clock: Clock): Promise<Turn> {
  const until = clock.now + clock.limit(60_000) / 2
  for (;;) {
    const server = await listen(`\0impasse-${target.pid}-${target.startTicks}`)
    if (server !== undefined) return { end: () => server.close() }
    if (clock.now > until) return { end: () => {} }
    await sleep(10)
  }
}

function listen(path: string): Promise<Server | undefined> {
  return new Promise(resolve => {
    const server = createServer(socket => socket.destroy())
    server.once('error', () => resolve(undefined))
    server.listen(path, () => resolve(server.unref()))
  })
}
