import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { reportJsonSchema, snapshotJsonSchema } from '../../src/snapshot/json-schema.ts'

test.each([
  ['report', reportJsonSchema],
  ['snapshot', snapshotJsonSchema],
])('the published schema of a %s is the one that the definition gives (npm run schema)', (name, schema) => {
  const published = readFileSync(new URL(`../../schema/${name}.schema.json`, import.meta.url), 'utf8')
  expect(JSON.parse(published)).toEqual(JSON.parse(JSON.stringify(schema())))
})
