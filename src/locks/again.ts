/**
 * The rules run again on what a snapshot recorded: a rule that has become better since improves an old snapshot. What
 * other evidence gave (native locks, promises, event loops) stays as it was found.
 */
import {
  type Activity,
  isUnknown,
  type Process,
  type Recording,
  type Request,
  type Snapshot,
  type Thread,
  type Wait,
} from '../snapshot/model.ts'
import type { Activation } from '../snapshot/question.ts'
import { RecordedValues } from '../snapshot/recorded-values.ts'
import { RecordedTexts } from '../sources/recorded-texts.ts'
import { SyntaxStore } from '../sources/syntax-store.ts'
import { type LockFacts, recogniseLocks } from './recognise.ts'

/** The snapshot as today's rules tell it. Processes without a recording, or with one that does not fit, stay as they are. */
export async function recogniseAgain(snapshot: Snapshot): Promise<Snapshot> {
  if (snapshot.processes.every(({ recording }) => recordingIn(recording) === undefined)) return snapshot
  const processes: Process[] = []
  const facts: LockFacts[] = []
  for (const process of snapshot.processes) {
    const recorded = factsOf(process.id, snapshot)
    const again = await runAgain(process, recorded)
    processes.push(again === undefined ? process : withActivities(process, again.waits))
    facts.push(again?.facts ?? recorded)
  }
  return {
    ...snapshot,
    processes,
    resources: facts.flatMap(({ resources }) => resources),
    holds: facts.flatMap(({ holds }) => holds),
    productions: facts.flatMap(({ productions }) => productions),
    waits: facts.flatMap(({ waits }) => waits),
  }
}

interface Again {
  readonly facts: LockFacts
  /** Those that the rules found, without those of other evidence. */
  readonly waits: readonly Wait[]
}

/** Undefined where the rules cannot be run again, or would tell less than what is written. */
async function runAgain(process: Process, recorded: LockFacts): Promise<Again | undefined> {
  const recording = recordingIn(process.recording)
  const stacks = recording && stacksOf(process, recording)
  if (recording === undefined || stacks === undefined) return undefined
  const texts = new RecordedTexts(recording.scripts)
  const values = new RecordedValues(recording.answers, script => texts.get(script))
  const store = new SyntaxStore(texts)
  let found: LockFacts
  try {
    const before = earlierFacts(process.id, recording)
    const sleptOn = new Map(recording.sleptOn.map(({ party, words }) => [party, words]))
    found = await recogniseLocks(stacks, store, texts, values, recording.others, before, sleptOn)
  } catch {
    // A recording may be damaged in ways that no schema sees.
    return undefined
  }
  const { ofRules, others } = split(recorded, recording)
  const missed = values.missed || isTextMissing(recording, store)
  if (missed && !isAtLeast(found, ofRules)) return undefined
  return { facts: joined(process.id, found, others), waits: found.waits }
}

function recordingIn(recording: Process['recording']): Recording | undefined {
  return recording === undefined || isUnknown(recording) ? undefined : recording
}

/** The recorded positions with the frames of the last look; undefined where these are others. */
function stacksOf(
  process: Process,
  recording: Recording,
): ReadonlyMap<string, readonly Activation[]> | undefined {
  const threads = new Map(process.threads.map(thread => [thread.id, thread]))
  const stacks = new Map<string, readonly Activation[]>()
  for (const { party, activations } of recording.stacks) {
    const frames = threads.get(party)?.looks.at(-1)?.frames
    if (frames === undefined || frames.length !== activations.length) return undefined
    stacks.set(
      party,
      activations.map(({ wasmOffset, ...one }, index) => {
        const { via, ...frame } = frames[index]!
        return { ...one, ...(wasmOffset !== undefined && { wasmOffset }), party, index, frame }
      }),
    )
  }
  return stacks
}

/** Whether a text that the rules need is missing, or is none that can be parsed. */
function isTextMissing({ stacks }: Recording, store: SyntaxStore): boolean {
  return stacks.some(({ activations }) =>
    activations.some(({ script, functionStart }) => {
      const syntax = store.around(script, 'unknown' in functionStart ? undefined : functionStart)
      return 'unknown' in syntax && !isOfNode(script)
    }),
  )
}

function isOfNode(key: string): boolean {
  return /^(node:|\[[\w ]*eval\]-wrapper)/.test(key)
}

/** Of an earlier look the rules use the words only. */
function earlierFacts(process: string, { earlierWords }: Recording): LockFacts {
  return {
    resources: earlierWords.map(({ buffer, byte, value }) => ({
      id: '',
      sort: 'reusable',
      kind: '',
      label: '',
      aliases: [],
      process,
      word: { buffer, byte, value, shared: true },
      capacity: 1,
      free: 0,
      complete: true,
    })),
    holds: [],
    productions: [],
    waits: [],
  }
}

function factsOf(process: string, snapshot: Snapshot): LockFacts {
  const own = new Set(snapshot.resources.flatMap(one => (one.process === process ? [one.id] : [])))
  const isOwn = ({ resource }: { readonly resource: string }) => own.has(resource)
  return {
    resources: snapshot.resources.filter(({ id }) => own.has(id)),
    holds: snapshot.holds.filter(isOwn),
    productions: snapshot.productions.filter(isOwn),
    waits: snapshot.waits.filter(({ party }) => party.startsWith(`${process}/`)),
  }
}

/** What the recorded rules found, and what came from elsewhere. */
function split(facts: LockFacts, recording: Recording): { ofRules: LockFacts; others: LockFacts } {
  const resources = new Set(recording.resources)
  const asked = new Set(recording.stacks.map(({ party }) => party))
  const isOfRules = ({ resource }: { readonly resource: string }) => resources.has(resource)
  const waitsForOthers = ({ request }: Wait) => resourcesIn(request).some(id => !resources.has(id))
  const isRuled = (wait: Wait) => asked.has(wait.party) && !waitsForOthers(wait)
  return {
    ofRules: {
      resources: facts.resources.filter(({ id }) => resources.has(id)),
      holds: facts.holds.filter(isOfRules),
      productions: facts.productions.filter(isOfRules),
      waits: facts.waits.filter(isRuled),
    },
    others: {
      resources: facts.resources.filter(({ id }) => !resources.has(id)),
      holds: facts.holds.filter(hold => !isOfRules(hold)),
      productions: facts.productions.filter(production => !isOfRules(production)),
      waits: facts.waits.filter(wait => !isRuled(wait)),
    },
  }
}

function resourcesIn(request: Request): readonly string[] {
  if ('requests' in request) return request.requests.flatMap(resourcesIn)
  return 'resource' in request ? [request.resource] : []
}

/** Whether one finds all that the other found: answers that are missing must not make a report worse. */
function isAtLeast(found: LockFacts, recorded: LockFacts): boolean {
  const complete = ({ resources }: LockFacts) => resources.filter(one => one.complete === true).length
  const sure = ({ holds }: LockFacts) => holds.filter(hold => hold.sure)
  const waits = (facts: LockFacts, party: string) => facts.waits.some(wait => wait.party === party)
  return (
    complete(found) >= complete(recorded) &&
    found.resources.length >= recorded.resources.length &&
    recorded.waits.every(({ party }) => waits(found, party)) &&
    sure(recorded).every(({ party }) => sure(found).some(hold => hold.party === party))
  )
}

/** What was found now first, as it was then; names of resources that others have are not given again. */
function joined(process: string, found: LockFacts, others: LockFacts): LockFacts {
  const taken = new Set(others.resources.map(({ id }) => id))
  const names = new Map<string, string>()
  let next = 1
  for (const { id } of found.resources) {
    let name = id
    while (taken.has(name)) name = `${process}/r${found.resources.length + next++}`
    taken.add(name)
    names.set(id, name)
  }
  const named = <Fact extends { readonly resource: string }>(fact: Fact): Fact => ({
    ...fact,
    resource: names.get(fact.resource) ?? fact.resource,
  })
  const inRequest = (request: Request): Request => {
    if ('requests' in request) return { ...request, requests: request.requests.map(inRequest) }
    return 'resource' in request ? named(request) : request
  }
  const waiting = new Set(found.waits.map(({ party }) => party))
  return {
    resources: [...found.resources.map(one => ({ ...one, id: names.get(one.id)! })), ...others.resources],
    holds: [...found.holds.map(named), ...others.holds],
    productions: [...found.productions.map(named), ...others.productions],
    waits: [
      ...found.waits.map(wait => ({ ...wait, request: inRequest(wait.request) })),
      ...others.waits.filter(({ party }) => !waiting.has(party)),
    ],
  }
}

/** A parked thread is told by the call that the rules name. */
function withActivities(process: Process, waits: readonly Wait[]): Process {
  const calls = new Map(waits.map(wait => [wait.party, wait]))
  const threads = process.threads.map((thread): Thread => {
    const wait = calls.get(thread.id)
    const last = thread.looks.at(-1)
    if (wait === undefined || last === undefined) return thread
    const activity = activityIn(last.activity, wait)
    return activity === last.activity
      ? thread
      : { ...thread, looks: [...thread.looks.slice(0, -1), { ...last, activity }] }
  })
  return { ...process, threads }
}

function activityIn(activity: Activity, wait: Wait): Activity {
  if (activity.kind !== 'parked' || wait.spins === true || activity.in === wait.call) return activity
  return { ...activity, in: wait.call }
}
