/** The report's JSON as types, inferred from the one definition in report-schema.ts. */
import type { z } from 'zod'
import type * as schema from './report-schema.ts'

type DeepReadonly<T> = T extends (infer Item)[]
  ? readonly DeepReadonly<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> }
    : T

type Of<Schema extends z.ZodType> = DeepReadonly<z.infer<Schema>>

export type Report = Of<typeof schema.report>
export type ErrorReport = Of<typeof schema.errorReport>
export type ReportProcess = Of<typeof schema.process>
export type ReportThread = Of<typeof schema.thread>
export type ReportFinding = Of<typeof schema.finding>
export type ReportEdge = Of<typeof schema.edge>
export type ReportResource = Of<typeof schema.resource>
