/** A process and all that came from it, also what left its group, its session or its parent. */
import { isUnknown } from '../snapshot/model.ts'
import { environmentVariable } from './environment.ts'
import { numbersIn } from './proc.ts'
import { readStat, type Stat } from './stat.ts'

/** A pid names one process only together with its start (field 22 of proc_pid_stat(5)). */
export interface ProcessIdentity {
  readonly pid: number
  readonly startTicks: number
}

/** A variable in the environment that descendants inherit, and that says whose they are. */
export interface Token {
  readonly name: string
  readonly value: string
}

/**
 * Keeps count of a tree while it grows. A process belongs to it when its parent does, when it lives in a session that a
 * member opened, or when its environment carries the token: an orphan has another parent, but not another past.
 */
export class ProcessTree {
  readonly root: ProcessIdentity
  readonly #token: Token | undefined
  /** All that ever belonged to it: an orphan is known by what its parent was. */
  readonly #members = new Map<number, number>()
  readonly #sessions = new Set<number>()
  /** The numbers of processes that were looked at and are somebody else's. */
  #strangers: ReadonlySet<number> = new Set()
  readonly #outerSession: number

  constructor(root: ProcessIdentity, token?: Token) {
    this.root = root
    this.#token = token
    this.#members.set(root.pid, root.startTicks)
    const stat = readStat(root.pid)
    const own = stat?.startTicks === root.startTicks
    this.#outerSession = stat === undefined || stat.session === root.pid ? -1 : stat.session
    if (own && stat.session === root.pid) this.#sessions.add(root.pid)
  }

  /** The members that live now, oldest first; zombies have ended. `anew`: looks at all processes again, new or not. */
  living(anew = false): readonly Stat[] {
    const pids = numbersIn('/proc')
    if (isUnknown(pids)) return []
    const living: Stat[] = []
    const strangers = new Set<number>()
    let unplaced: Stat[] = []
    for (const pid of pids) {
      if (!anew && this.#strangers.has(pid)) {
        strangers.add(pid)
        continue
      }
      const stat = pid === process.pid ? undefined : readStat(pid)
      if (stat === undefined) continue
      if (this.#belongs(stat)) living.push(stat)
      else unplaced.push(stat)
    }
    // A child's number may be lower than its parent's, once numbers start again from below.
    for (let left = -1; left !== unplaced.length; ) {
      left = unplaced.length
      unplaced = unplaced.filter(stat => !this.#hasParentHere(stat) || living.push(this.#adopt(stat)) === 0)
    }
    for (const { id } of unplaced) strangers.add(id)
    this.#strangers = strangers
    return living
      .filter(({ state }) => !'ZX'.includes(state))
      .sort((a, b) => a.startTicks - b.startTicks || a.id - b.id)
  }

  #belongs(stat: Stat): boolean {
    const since = this.#members.get(stat.id)
    if (since === stat.startTicks) {
      this.#noteSession(stat)
      return true
    }
    // Somebody else's process that has got the number of a member.
    if (since !== undefined) this.#members.delete(stat.id)
    if (stat.startTicks < this.root.startTicks) return false
    const ours = this.#hasParentHere(stat) || this.#sessions.has(stat.session) || this.#carriesToken(stat.id)
    if (ours) this.#adopt(stat)
    return ours
  }

  /** One run inside of another adds its own token to the outer one's. */
  #carriesToken(pid: number): boolean {
    if (this.#token === undefined) return false
    const { name, value } = this.#token
    return environmentVariable(pid, name)?.split(':').includes(value) === true
  }

  #hasParentHere({ parent, startTicks }: Stat): boolean {
    const since = this.#members.get(parent)
    return since !== undefined && since <= startTicks
  }

  #adopt(stat: Stat): Stat {
    this.#members.set(stat.id, stat.startTicks)
    this.#noteSession(stat)
    return stat
  }

  #noteSession({ session }: Stat): void {
    if (session !== this.#outerSession && this.#members.has(session)) this.#sessions.add(session)
  }
}
