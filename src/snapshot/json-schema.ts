import { z } from 'zod'
import { errorReport, report } from './report-schema.ts'
import { snapshot } from './schema.ts'

/** The JSON Schema of `--json`, as published in `schema/report.schema.json`. */
export function reportJsonSchema(): Record<string, unknown> {
  return jsonSchema(
    z.union([report, errorReport]),
    'Impasse report',
    'What `impasse --json` prints: a report, or with exit code 2 an error.',
  )
}

/** The JSON Schema of `--save`, as published in `schema/snapshot.schema.json`. */
export function snapshotJsonSchema(): Record<string, unknown> {
  return jsonSchema(snapshot, 'Impasse snapshot', 'What `impasse --save` writes: all that was seen.')
}

function jsonSchema(type: z.ZodType, title: string, description: string): Record<string, unknown> {
  const { $schema, ...body } = z.toJSONSchema(type, { reused: 'ref' })
  return { $schema, title, description, ...body }
}
