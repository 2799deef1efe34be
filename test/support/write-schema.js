// Writes the JSON Schemas in schema/ from the one definition in src/snapshot; a test compares them. Needs a build.
import { writeFileSync } from 'node:fs'
import { reportJsonSchema, snapshotJsonSchema } from '../../dist/snapshot/json-schema.js'

for (const [name, schema] of Object.entries({ report: reportJsonSchema(), snapshot: snapshotJsonSchema() }))
  writeFileSync(
    new URL(`../../schema/${name}.schema.json`, import.meta.url),
    `${JSON.stringify(schema, null, 2)}\n`,
  )
