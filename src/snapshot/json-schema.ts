import { z } from 'zod'
import { errorReport, report } from './report-schema.ts'

/** The JSON Schema of `--json`, as published in `schema/report.schema.json`. */
export function reportJsonSchema(): Record<string, unknown> {
  const { $schema, ...body } = z.toJSONSchema(z.union([report, errorReport]), { reused: 'ref' })
  return {
    $schema,
    title: 'Impasse report',
    description: 'What `impasse --json` prints: a report, or with exit code 2 an error.',
    ...body,
  }
}
