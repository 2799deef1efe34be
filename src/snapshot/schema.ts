/**
 * The one definition of what a snapshot holds. The TypeScript types (model.ts) are inferred from it, and a file that
 * is read is checked against it. zod takes 150 ms to load, so nothing on the way of an attach may import this module
 * but for its types.
 */
import { z } from 'zod'
import { recording } from './recording-schema.ts'

/** What is not known, with the reason: never left out, never guessed. */
export const unknown = z.object({ unknown: z.string() })

/** `p<pid>` (`p<pid>-2` where another machine has that pid too), `p<pid>/t<threadId>` (JS thread), `p<pid>/n<tid>` (native thread), `p<pid>/t<threadId>/a<n>` (task). */
export const partyId = z.string()

/** 1-based line and column of a file, URL or module. */
export const place = z.object({ file: z.string(), line: z.number(), column: z.number() })

/** How a fact is known: read from the process, recorded by the agent, or inferred from source text. */
export const how = z.enum(['observed', 'recorded', 'inferred'])

/** Which source of evidence saw a thread or a frame. */
export const seenBy = z.enum(['inspector', 'proc', 'memory', 'agent'])

/** How Node came to call a frame, where no call in the program's own text shows it (an event, a getter, a trap …). */
export const via = z.object({
  /** `event listener`, `getter`, `setter`, `conversion`, `proxy trap`, `iterator`, `exit handler`, `timer` … */
  kind: z.string(),
  /** A phrase for the reader: `listener of event 'record'`, `getter 'size' of Cache`. */
  text: z.string(),
  how,
})

/** One activation record on a thread's stack. The original position is first; the generated one follows when it differs. */
export const frame = z.object({
  function: z.string(),
  /** The class that the method belongs to; null for a plain function. */
  class: z.union([z.string(), z.null(), unknown]),
  /** The class of the receiver, when it is not `class`. */
  thisClass: z.string().optional(),
  file: z.union([z.string(), unknown]),
  line: z.union([z.number(), unknown]),
  column: z.union([z.number(), unknown]),
  generated: place.optional(),
  kind: z.enum(['js', 'wasm', 'native', 'builtin']),
  /** Whose code it is: Node's own frames and those of dependencies are folded in the text report. */
  owner: z.enum(['program', 'dependency', 'node']),
  seenBy,
  /** 1 when walked or told by V8, less when recovered by scanning memory. */
  confidence: z.number(),
  /** The text of the line, trimmed; absent where nothing asked for it. */
  sourceLine: z.string().optional(),
  /** True when the file on disk is newer than the process: the line may lie. */
  sourceChanged: z.boolean().optional(),
  via: via.optional(),
  /** Titles of the test blocks (`describe`, `it` …) around the function, outermost first; absent where there are none. */
  titles: z.array(z.string()).optional(),
})

/** A system call that a kernel thread stands in. */
export const systemCall = z.object({
  number: z.number(),
  name: z.string(),
  /** What it waits for, in words: `reads a pipe (fd 0)`, `event loop, no timer`. */
  meaning: z.string(),
  arguments: z.array(z.string()),
})

/** What the kernel says about a thread at one moment. */
export const kernelView = z.object({
  /** One letter of proc_pid_stat(5): R, S, D, T, t, Z … */
  state: z.string(),
  systemCall: z.union([systemCall, z.null(), unknown]),
  /** The kernel function it sleeps in; null when it runs. */
  waitChannel: z.union([z.string(), z.null(), unknown]),
  /** User and system time of the thread since its start, milliseconds. */
  cpuMs: z.number(),
  voluntarySwitches: z.number(),
  involuntarySwitches: z.number(),
})

/** What a thread was doing when it was looked at. */
export const activity = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('running') }),
  /** In `Atomics.wait` or wasm's `memory.atomic.wait`; `timeoutMs` null: without a time limit. */
  z.object({
    kind: z.literal('parked'),
    in: z.string(),
    timeoutMs: z.union([z.number(), z.null(), unknown]),
  }),
  z.object({ kind: z.literal('event-loop') }),
  z.object({ kind: z.literal('system-call'), call: systemCall }),
  /** Stopped in a debugger that is not ours, by a signal, by a tracer or by a frozen cgroup. */
  z.object({ kind: z.literal('stopped'), by: z.string() }),
  z.object({ kind: z.literal('unknown'), why: z.string() }),
])

/** One look at one thread. */
export const threadLook = z.object({
  /** Milliseconds since the capture began. */
  at: z.number(),
  activity,
  /** Innermost first; empty when the thread runs no JavaScript or did not answer (`activity` and the gaps tell which). */
  frames: z.array(frame),
  kernel: z.union([kernelView, unknown]),
  /** A number that changes whenever the event loop turns; absent where the thread was paused or could not tell. */
  loopTurns: z.number().optional(),
})

/** One thing that can wake an event loop or keeps it alive. */
export const loopSource = z.object({
  /** `timer`, `server`, `socket`, `pipe`, `child`, `signal`, `port`, `pool work`, `file watcher`, `unknown` … */
  kind: z.string(),
  /** `listens on 127.0.0.1:8080`, `connected to 10.0.0.3:5432`, `child 4711 (sleep 60)`, `3 timers`. */
  text: z.string(),
  /** Whether it can still bring something without another thread of this process doing so. */
  outside: z.boolean(),
  /** The descriptor that is watched, or the pid of the child. */
  fd: z.number().optional(),
  pid: z.number().optional(),
})

/** What keeps an idle thread's event loop alive. */
export const eventLoop = z.object({
  sources: z.array(loopSource),
  /** False when the list could not be had whole: then it may hold one live unknown. */
  complete: z.boolean(),
})

/** The test that a test runner says it runs. */
export const currentTest = z.object({
  file: z.string(),
  /** Outermost first; empty where only the file is known. */
  titles: z.array(z.string()),
})

export const thread = z.object({
  id: partyId,
  /** The kernel's thread id, or why it is not known. */
  tid: z.union([z.number(), unknown]),
  /** `threadId` of worker_threads (0 is main); null for a thread that runs no JavaScript. */
  threadId: z.union([z.number(), z.null()]),
  name: z.string(),
  role: z.enum(['main', 'worker', 'libuv-pool', 'v8', 'inspector', 'other']),
  seenBy: z.array(seenBy),
  looks: z.array(threadLook),
  /** The span (ms since the capture began) in which its context switches prove that it never left its wait. */
  undisturbed: z.object({ from: z.number(), to: z.number() }).optional(),
  loop: eventLoop.optional(),
  currentTest: currentTest.optional(),
})

/** A chain of suspended functions: each awaits the return of the one before. */
export const task = z.object({
  id: partyId,
  thread: partyId,
  /** Innermost first. */
  frames: z.array(frame),
  /** What the innermost waits for, as a phrase after `waits for`. */
  waitsFor: z.string(),
  /** `lock`, `task`, `timer`, `i/o`, `message`, `nothing` (nobody can settle it any more), `unknown` … */
  waitKind: z.string(),
  /** The tasks whose return it waits for. */
  awaits: z.array(partyId),
  /** What AsyncLocalStorage holds for it, where V8 keeps that and it is a text or has an id. */
  label: z.string().optional(),
})

/** Something that could not be seen, why, and what would show it. */
export const gap = z.object({
  what: z.string(),
  reason: z.string(),
  remedy: z.string(),
  /** The thread that it is about, where it is about one. */
  thread: partyId.optional(),
})

export const runtime = z.object({
  /** `other`: not Node; only the kernel's word is known of such a process. */
  name: z.enum(['node', 'other']),
  version: z.union([z.string(), unknown]),
  v8: z.union([z.string(), unknown]),
  arch: z.string(),
})

export const process = z.object({
  id: partyId,
  pid: z.number(),
  /** How it is called in a report of several machines, where its pid alone does not tell: `4242 on api-1`. */
  label: z.string().optional(),
  /** The name of its machine, in a snapshot that was put together from those of several. */
  machine: z.string().optional(),
  /** Start time in clock ticks since boot (field 22 of proc_pid_stat(5)): with the pid, the identity of a process. */
  startTicks: z.number(),
  startedAt: z.union([z.string(), unknown]),
  argv: z.array(z.string()),
  execArgv: z.array(z.string()),
  executable: z.string(),
  cwd: z.union([z.string(), unknown]),
  uid: z.number(),
  runtime,
  inspector: z.object({
    /** `opened`: by us, and closed again; `reused`: it listened already; `none`: not reached. */
    access: z.enum(['opened', 'reused', 'none']),
    port: z.union([z.number(), z.null()]),
  }),
  /** The longest time that a thread stood paused because of us, milliseconds. */
  pausedMs: z.number(),
  /** Set where it was read from a core file: all of its threads were seen at one moment. `signal`: 0 when none ended it. */
  core: z.object({ file: z.string(), writtenAt: z.string(), signal: z.number() }).optional(),
  threads: z.array(thread),
  /** The tests that a reporter of `impasse run` says run in it. */
  runningTests: z.array(currentTest).optional(),
  /** Suspended async functions; absent where the heap was not looked at. */
  tasks: z.array(task).optional(),
  gaps: z.array(gap),
  /** Its established TCP connections, by which processes of one or of several machines are told to be joined. */
  connections: z.array(z.object({ local: z.string(), peer: z.string() })),
  /** What the rules of locks were answered; absent where they asked nothing. */
  recording: z.union([recording, unknown]).optional(),
})

/** What a party waits for: a tree. Live when it can still be satisfied. */
export type RequestShape =
  | { kind: 'units'; resource: string; units: number; mode?: 'shared' | 'exclusive' | undefined }
  | { kind: 'produced'; resource: string }
  | { kind: 'outside'; what: string }
  | { kind: 'deadline'; inMs: number | null; leaves: boolean }
  | { kind: 'allOf'; requests: RequestShape[] }
  | { kind: 'anyOf'; requests: RequestShape[] }

export const request: z.ZodType<RequestShape> = z.lazy(() =>
  z.discriminatedUnion('kind', [
    z.object({
      kind: z.literal('units'),
      resource: z.string(),
      units: z.number(),
      mode: z.enum(['shared', 'exclusive']).optional(),
    }),
    z.object({ kind: z.literal('produced'), resource: z.string() }),
    z.object({ kind: z.literal('outside'), what: z.string() }),
    /** `leaves`: its expiry leaves the wait for good (a timed retry loop does not). */
    z.object({ kind: z.literal('deadline'), inMs: z.union([z.number(), z.null()]), leaves: z.boolean() }),
    z.object({ kind: z.literal('allOf'), requests: z.array(request) }),
    z.object({ kind: z.literal('anyOf'), requests: z.array(request) }),
  ]),
)

/** A list that is complete, or says why it is not. */
export const completeness = z.union([z.literal(true), unknown])

/** Reusable (capacity, holders) or consumable (comes into being, has producers), after Holt 1972. */
export const resource = z.object({
  id: z.string(),
  sort: z.enum(['reusable', 'consumable']),
  /** `mutex`, `semaphore`, `read-write lock`, `ticket lock`, `event`, `message`, `event loop wake-up` … */
  kind: z.string(),
  /** The name that a person recognises: `BoundedQueue.#lock`, `accounts[3].lock`. */
  label: z.string(),
  /** Other names of the same thing, by thread. */
  aliases: z.array(z.object({ party: partyId, label: z.string() })),
  process: partyId,
  /** The shared word behind it: backing-store id, byte offset, value when read. */
  word: z
    .object({
      buffer: z.string(),
      byte: z.number(),
      value: z.union([z.number(), z.string(), unknown]),
      shared: z.boolean(),
      /** Whether it was read in two looks and had this value in both; absent when it was read once. */
      steady: z.boolean().optional(),
    })
    .optional(),
  /** The worker (by threadId) that the word names as its owner and that is no longer there. */
  goneOwner: z.number().optional(),
  /** A write in the source that may have given the word its value, and after which nobody is notified. */
  unannounced: z.object({ place, text: z.string() }).optional(),
  capacity: z.union([z.number(), unknown]),
  /** Units that nobody holds now. */
  free: z.union([z.number(), unknown]),
  /** Whether the holders (or producers) are all of them. */
  complete: completeness,
})

/** A party holds units of a reusable resource. */
export const hold = z.object({
  party: partyId,
  resource: z.string(),
  units: z.number(),
  mode: z.enum(['shared', 'exclusive']).optional(),
  /** Where it was acquired. */
  at: z.union([frame, unknown]),
  /** The index, from the innermost, of that frame in the party's last look; absent when no frame of it remains. */
  frame: z.number().optional(),
  /** The line of the call that acquired it, in `at`'s file, where the frame has moved on since. */
  acquiredAt: z.union([place, unknown]),
  sure: z.boolean(),
  how,
  evidence: z.string(),
  /** Why it is not sure. */
  doubt: z.string().optional(),
})

/** A party can bring a consumable resource into being. */
export const production = z.object({
  party: partyId,
  resource: z.string(),
  sure: z.boolean(),
  how,
  evidence: z.string(),
  /** Why it is not sure. */
  doubt: z.string().optional(),
})

/** A party waits. */
export const wait = z.object({
  party: partyId,
  request,
  /** The call that waits: `Atomics.wait(cell, 0, 2)`. */
  call: z.string(),
  /** True when the thread runs in a loop that asks the word over and over, instead of sleeping. */
  spins: z.boolean().optional(),
  /** The value that `Atomics.wait` was told to expect in the word, where it could be read. */
  expected: z.union([z.number(), z.string()]).optional(),
  /** The frame that asks, in terms of the reader: the acquire's caller when the wait is inside a lock's own method. */
  at: z.union([frame, unknown]),
  /** The index, from the innermost, of that frame in the party's last look. */
  frame: z.number().optional(),
  /** The index of the frame whose loop takes one job after the other, for a thread that waits inside of a job. */
  jobLoop: z.number().optional(),
  sure: z.boolean(),
  how,
  evidence: z.string(),
  doubt: z.string().optional(),
})

export const snapshot = z.object({
  format: z.literal('impasse-snapshot'),
  version: z.literal(2),
  tool: z.object({ name: z.literal('impasse'), version: z.string() }),
  /** `name`: that of the machine; unknown where what wrote it did not tell. */
  host: z.object({
    name: z.union([z.string(), unknown]),
    platform: z.string(),
    arch: z.string(),
    kernel: z.string(),
    /** The kernel's id of this start of the machine (/proc/sys/kernel/random/boot_id). */
    boot: z.string().optional(),
  }),
  capturedAt: z.string(),
  /** How often each thread was looked at. */
  looks: z.number(),
  cost: z.object({
    /** From the first act to the last, milliseconds. */
    wallMs: z.number(),
    /** Request waves while anything stood paused. */
    pausedWaves: z.number(),
  }),
  processes: z.array(process),
  resources: z.array(resource),
  holds: z.array(hold),
  productions: z.array(production),
  waits: z.array(wait),
})
