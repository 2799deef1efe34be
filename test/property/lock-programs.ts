/** Runs generated programs, looks at them as a user would, and compares with what is true of them. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { capture } from '../../src/capture/capture.ts'
import { diagnose } from '../../src/diagnosis/diagnose.ts'
import type { Diagnosis, Finding } from '../../src/diagnosis/diagnosis.ts'
import type { Snapshot } from '../../src/snapshot/model.ts'
import { startProgram } from '../support/spawn-fixture.ts'
import { programText } from './program-text.ts'
import { type Scenario, scenarioFor } from './scenario.ts'
import { untilStanding } from './standing.ts'
import { type ClosedSet, type Truth, truthOf } from './truth.ts'

export interface Outcome {
  readonly seed: number
  readonly path: string
  readonly hangs: boolean
  /** `suspected`: all parties are right, and the rules say that they cannot prove it. */
  readonly result: 'right' | 'suspected' | 'missed' | 'false alarm' | 'wrong parties' | 'failed'
  readonly detail: string
  readonly attaches?: number
  readonly snapshot?: Snapshot
  readonly diagnosis?: Diagnosis
}

/** How many programs stand or are being started at once. */
const AT_ONCE = 2

/** Runs the programs of these seeds on one Node; `onOutcome` hears of each as it is done. */
export async function runSeeds(
  seeds: readonly number[],
  node: string,
  folder: string,
  onOutcome: (outcome: Outcome) => void = () => {},
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = []
  const left = seeds.values()
  const lane = async () => {
    for (const seed of left) {
      const outcome = await runSeed(seed, node, folder)
      outcomes.push(outcome)
      onOutcome(outcome)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, lane))
  return outcomes
}

export async function runSeed(seed: number, node: string, folder: string): Promise<Outcome> {
  const scenario = scenarioFor(seed)
  mkdirSync(folder, { recursive: true })
  const path = join(folder, `seed-${seed}.mjs`)
  writeFileSync(path, programText(scenario))
  const base = { seed, path, hangs: scenario.hangs }
  let kill: () => Promise<void> = async () => {}
  try {
    const program = await startProgram(node, ['--inspect-port=0', path], {
      deadlineMs: 30_000,
      cleanUp: end => {
        kill = end
      },
    })
    await untilStanding(
      program.pid,
      scenario.threads.filter(({ ending }) => ending.kind === 'computes').length,
    )
    // On a busy machine a thread may be disturbed in the one interval that counts: a further attach has to see it.
    for (let attaches = 1; ; attaches += 1) {
      const seen = await look(program.pid, scenario)
      if (seen.result !== 'missed' || attaches === MOST_ATTACHES) return { ...base, ...seen, attaches }
    }
  } catch (error) {
    return { ...base, result: 'failed', detail: error instanceof Error ? error.message : String(error) }
  } finally {
    await kill()
  }
}

const MOST_ATTACHES = 3

async function look(pid: number, scenario: Scenario) {
  const snapshot = await capture(pid, { timeoutMs: 20_000, heap: false })
  const diagnosis = diagnose(snapshot)
  return { ...compare(scenario, snapshot, diagnosis), snapshot, diagnosis }
}

/** So many seeds from the first on, after those that have to be there. */
export function seedsFrom(first: number, count: number, always: readonly number[]): readonly number[] {
  return [...new Set([...always, ...Array.from({ length: count }, (_, at) => first + at)])].slice(0, count)
}

/** Runs programs; the counts in one line, and a line for each that was not told right. Their files stay. */
export async function checkPrograms(
  seeds: readonly number[],
  node: string,
  folder: string,
  keep = false,
): Promise<{ readonly text: string; readonly bad: readonly string[] }> {
  const outcomes = await runSeeds(seeds, node, folder)
  const bad = outcomes
    .filter(({ result }) => result !== 'right' && result !== 'suspected')
    .sort((a, b) => a.seed - b.seed)
  if (bad.length === 0 && !keep) rmSync(folder, { recursive: true, force: true })
  const shown = keep ? `\n${outcomes.map(({ path, detail }) => `${path}: ${detail}`).join('\n')}` : ''
  return {
    text: `${count(outcomes)}${shown}`,
    bad: bad.map(({ path, result, detail }) => `${path} ${result}: ${detail}`),
  }
}

export function count(outcomes: readonly Outcome[]): string {
  const number = (result: Outcome['result']) => outcomes.filter(one => one.result === result).length
  const hanging = outcomes.filter(one => one.hangs).length
  const { length } = outcomes
  const failed = number('failed')
  return [
    `${length} programs: ${hanging} hanging`,
    `${length - hanging} healthy`,
    `${number('false alarm')} false alarms`,
    `${number('missed')} missed`,
    `${number('wrong parties')} with wrong parties`,
    `${number('suspected')} only suspected`,
    `${outcomes.filter(({ result, attaches = 1 }) => result !== 'missed' && attaches > 1).length} seen at a further attach`,
    ...(failed > 0 ? [`${failed} failed to run`] : []),
  ].join(', ')
}

function compare(
  scenario: Scenario,
  snapshot: Snapshot,
  diagnosis: Diagnosis,
): Pick<Outcome, 'result' | 'detail'> {
  const truth = truthOf(scenario)
  const hangs = diagnosis.findings.filter(({ status }) => status === 'deadlock' || status === 'suspected')
  const told = `${diagnosis.verdict.status}: ${diagnosis.verdict.summary}`
  const pid = snapshot.processes[0]!.pid
  if (!scenario.hangs) {
    const alarm = hangs.length > 0 || ['deadlock', 'suspected'].includes(diagnosis.verdict.status)
    return alarm ? { result: 'false alarm', detail: told } : { result: 'right', detail: told }
  }
  const used = new Set<Finding>()
  let suspected = false
  for (const set of truth.sets) {
    const finding = hangs.find(one => sameParties(one.parties, set.parties, pid))
    if (!finding) {
      const overlapping = hangs.find(one => one.parties.some(id => set.parties.includes(threadOf(id))))
      const detail = `${names(set, scenario)} not found; ${told}`
      return { result: overlapping ? 'wrong parties' : 'missed', detail }
    }
    used.add(finding)
    if (finding.status === 'suspected') {
      if (!set.unprovable)
        return {
          result: 'missed',
          detail: `${names(set, scenario)} only suspected; ${told}: ${finding.doubts.join(' ')}`,
        }
      suspected = true
    }
    if (set.ordered && !sameCycle(finding, set))
      return { result: 'wrong parties', detail: `the cycle is not ${names(set, scenario)}; ${told}` }
  }
  const extra = hangs.find(finding => !used.has(finding))
  if (extra) return { result: 'false alarm', detail: `${extra.status}: ${extra.title}` }
  const victims = wrongVictims(truth, [...used])
  if (victims) return { result: 'wrong parties', detail: `${victims}; ${told}` }
  return { result: suspected ? 'suspected' : 'right', detail: told }
}

function sameParties(parties: readonly string[], ids: readonly number[], pid: number): boolean {
  return parties.length === ids.length && ids.every(id => parties.includes(`p${pid}/t${id}`))
}

/** The same threads one after the other, wherever the circle begins. */
function sameCycle({ cycle }: Finding, { parties }: ClosedSet): boolean {
  const found = cycle.map(({ from }) => threadOf(from))
  const begin = found.indexOf(parties[0]!)
  return (
    found.length === parties.length &&
    parties.every((party, at) => found[(begin + at) % found.length] === party)
  )
}

function wrongVictims(truth: Truth, findings: readonly Finding[]): string | undefined {
  const found = new Map(
    findings.flatMap(({ victims, parties }) =>
      victims.map(id => [threadOf(id), parties.map(threadOf)] as const),
    ),
  )
  for (const [victim, sets] of truth.victims) {
    const behind = found.get(victim)
    if (!behind) return `thread ${victim} is not among the victims`
    if (!sets.some(set => set.parties.includes(behind[0]!))) return `thread ${victim} is behind another set`
  }
  const extra = [...found.keys()].find(id => !truth.victims.has(id))
  return extra === undefined ? undefined : `thread ${extra} is no victim`
}

function names({ parties, ordered }: ClosedSet, { threads }: Scenario): string {
  return parties.map(id => threads[id]!.name).join(ordered ? ' → ' : ', ')
}

function threadOf(id: string): number {
  return Number(/\/t(\d+)$/.exec(id)?.[1] ?? -1)
}
