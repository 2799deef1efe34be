/** The words of the model as types, inferred from the one definition in schema.ts. All of it is readonly plain data. */
import type { z } from 'zod'
import type * as recordings from './recording-schema.ts'
import type * as schema from './schema.ts'

type DeepReadonly<T> = T extends (infer Item)[]
  ? readonly DeepReadonly<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> }
    : T

type Of<Schema extends z.ZodType> = DeepReadonly<z.infer<Schema>>

/** What is not known, with the reason. */
export type Unknown = Of<typeof schema.unknown>
export type Place = Of<typeof schema.place>
export type How = z.infer<typeof schema.how>
export type SeenBy = z.infer<typeof schema.seenBy>
export type Via = Of<typeof schema.via>
export type Frame = Of<typeof schema.frame>
export type SystemCall = Of<typeof schema.systemCall>
export type KernelView = Of<typeof schema.kernelView>
export type Activity = Of<typeof schema.activity>
export type ThreadLook = Of<typeof schema.threadLook>
export type LoopSource = Of<typeof schema.loopSource>
export type EventLoop = Of<typeof schema.eventLoop>
export type CurrentTest = Of<typeof schema.currentTest>
export type Thread = Of<typeof schema.thread>
export type Task = Of<typeof schema.task>
export type Gap = Of<typeof schema.gap>
export type Runtime = Of<typeof schema.runtime>
export type Process = Of<typeof schema.process>
export type Request = DeepReadonly<schema.RequestShape>
export type Completeness = Of<typeof schema.completeness>
export type Resource = Of<typeof schema.resource>
export type Hold = Of<typeof schema.hold>
export type Production = Of<typeof schema.production>
export type Wait = Of<typeof schema.wait>
export type Snapshot = Of<typeof schema.snapshot>
export type Recording = Of<typeof recordings.recording>

/** True for `{ unknown: reason }`. */
export function isUnknown(value: unknown): value is Unknown {
  return typeof value === 'object' && value !== null && 'unknown' in value
}
