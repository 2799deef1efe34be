/**
 * What the rules of `locks/` asked and were answered, so that they can be run again on a saved snapshot: the stacks in
 * the positions that V8 gives, the texts that the rules parse, and each question with its answer. Of values there are
 * only those that a rule looked at; texts of the program are without comments, and all
 * strings are masked.
 */
import { z } from 'zod'

const unknown = z.object({ unknown: z.string() })
const ref = { party: z.string(), id: z.string() }

/** A function in progress, as `Activation` of question.ts; its frame is the one of the thread's last look. */
const activation = z.object({
  script: z.string(),
  line: z.number(),
  column: z.number(),
  functionStart: z.union([z.object({ line: z.number(), column: z.number() }), unknown]),
  functionName: z.string(),
  wasmOffset: z.number().optional(),
})

/** Where the source of a function stands in the recorded text of a script: offsets. */
const excerpt = z.object({ script: z.string(), from: z.number(), length: z.number() })

export const recordedValue = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('undefined') }),
  z.object({ kind: z.literal('null') }),
  z.object({ kind: z.literal('boolean'), value: z.boolean() }),
  /** A text for what JSON has no number for: `NaN`, `Infinity`, `-0`. */
  z.object({ kind: z.literal('number'), value: z.union([z.number(), z.string()]) }),
  z.object({ kind: z.literal('bigint'), value: z.string() }),
  /** Masked: equal for equal ones. */
  z.object({ kind: z.literal('string'), value: z.string() }),
  z.object({ kind: z.literal('symbol') }),
  z.object({
    kind: z.literal('object'),
    ...ref,
    className: z.string(),
    subtype: z.string().optional(),
  }),
  z.object({
    kind: z.literal('function'),
    ...ref,
    className: z.string(),
    source: z.union([z.string(), excerpt]),
  }),
])

/** An answer; a list of an object's members is never one of them, since most are nobody's business. */
export const recordedAnswer = z.discriminatedUnion('is', [
  z.object({ is: z.literal('unknown'), unknown: z.string() }),
  z.object({ is: z.literal('value'), value: recordedValue }),
  z.object({
    is: z.literal('place'),
    script: z.string(),
    line: z.number(),
    column: z.number(),
    bound: z
      .object({ target: recordedValue, receiver: recordedValue, arguments: z.array(recordedValue) })
      .optional(),
  }),
  z.object({
    is: z.literal('word'),
    buffer: z.string(),
    byte: z.number(),
    value: z.union([z.number(), z.string()]),
    bigint: z.boolean(),
    shared: z.boolean(),
    arrayType: z.string(),
  }),
])

/** A piece of a text and where it stands, 1-based. */
const piece = z.object({ line: z.number(), column: z.number(), text: z.string() })

const script = z.object({
  key: z.string(),
  url: z.string(),
  /** Its path where it has one, else its URL. */
  file: z.string(),
  /** The whole text; of one that is too big to be parsed whole, the functions that stood on a stack. */
  text: z.union([z.string(), z.object({ pieces: z.array(piece) }), unknown]),
  /** Asked positions whose reader's position is another one: line, column, then file, line, column and name. */
  originals: z.array(
    z.object({
      line: z.number(),
      column: z.number(),
      to: z.object({ file: z.string(), line: z.number(), column: z.number(), name: z.string().optional() }),
    }),
  ),
  /** The module of a WebAssembly script without its data, gzip, base64. */
  bytecode: z.string().optional(),
})

export const recording = z.object({
  stacks: z.array(z.object({ party: z.string(), activations: z.array(activation) })),
  /** The JavaScript threads whose stacks were not given to the rules. */
  others: z.array(z.object({ party: z.string(), idle: z.boolean() })),
  /** Words that an earlier look had read, by which the rules tell whether they are steady. */
  earlierWords: z.array(z.object({ buffer: z.string(), byte: z.number(), value: z.string() })),
  /** By party: words of WebAssembly that its native stack says it may sleep on. */
  sleptOn: z.array(
    z.object({
      party: z.string(),
      words: z.array(z.object({ byte: z.number(), value: z.number() })),
    }),
  ),
  scripts: z.array(script),
  answers: z.array(z.object({ question: z.string(), answer: recordedAnswer })),
  /** The resources that these rules found: all others come from other evidence. */
  resources: z.array(z.string()),
})
