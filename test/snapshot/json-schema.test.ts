import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { reportJsonSchema } from '../../src/snapshot/json-schema.ts'

test('the published schema is the one that the definition gives (npm run schema)', () => {
  const published = readFileSync(new URL('../../schema/report.schema.json', import.meta.url), 'utf8')
  expect(JSON.parse(published)).toEqual(JSON.parse(JSON.stringify(reportJsonSchema())))
})
