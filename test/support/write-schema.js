// Writes schema/report.schema.json from the one definition in src/snapshot; a test compares the two. Needs a build.
import { writeFileSync } from 'node:fs'
import { reportJsonSchema } from '../../dist/snapshot/json-schema.js'

writeFileSync(
  new URL('../../schema/report.schema.json', import.meta.url),
  `${JSON.stringify(reportJsonSchema(), null, 2)}\n`,
)
