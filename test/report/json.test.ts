import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { diagnose } from '../../src/diagnosis/diagnose.ts'
import { ImpasseError } from '../../src/errors.ts'
import { renderErrorJson, renderJson } from '../../src/report/json.ts'
import { reportJsonSchema } from '../../src/snapshot/json-schema.ts'
import { errorReport, report } from '../../src/snapshot/report-schema.ts'
import { snapshot as snapshotSchema } from '../../src/snapshot/schema.ts'
import { snapshot as build } from '../diagnosis/build.ts'
import { randomFacts, seeded } from '../diagnosis/random.ts'
import * as scenes from './scenes.ts'

test.each(Object.entries(scenes))('%s is a valid snapshot and gives a valid report', (_, scene) => {
  const snapshot = snapshotSchema.parse(scene())
  const parsed = JSON.parse(renderJson(snapshot, diagnose(snapshot)))
  // Strict: what the schema does not name may not be there either.
  expect(report.parse(parsed)).toEqual(parsed)
})

test('random facts give valid reports', () => {
  for (let seed = 1; seed <= 500; seed++) {
    const { parties: _, ...facts } = randomFacts(seeded(seed))
    const snapshot = build(facts)
    const parsed = JSON.parse(renderJson(snapshot, diagnose(snapshot)))
    expect(report.parse(parsed), `seed ${seed}`).toEqual(parsed)
  }
})

test('a cycle names its edges and where each lock was acquired', () => {
  const snapshot = scenes.abba()
  const { verdict, findings, processes, resources } = report.parse(
    JSON.parse(renderJson(snapshot, diagnose(snapshot))),
  )
  expect(verdict.status).toBe('deadlock')
  expect(findings[0]).toMatchObject({
    kind: 'cycle',
    parties: ['p4242/t0', 'p4242/t1'],
    cycle: [
      {
        from: 'p4242/t0',
        to: 'p4242/t1',
        request: { kind: 'units', resource: 'r2', units: 1 },
        at: { line: 14 },
        acquiredAt: { function: 'transfer', line: 13, column: 20 },
        sure: true,
      },
      { from: 'p4242/t1', to: 'p4242/t0', request: { resource: 'r1' } },
    ],
  })
  expect(processes[0]?.threads.map(thread => thread.verdict?.status ?? null).slice(0, 3)).toEqual([
    'deadlock',
    'deadlock',
    null,
  ])
  expect(resources).toMatchObject([
    { id: 'r1', holders: [{ party: 'p4242/t0', units: 1 }], waiters: ['p4242/t1'], complete: true },
    { id: 'r2', holders: [{ party: 'p4242/t1', units: 1 }], waiters: ['p4242/t0'], complete: true },
  ])
})

test('an error has a form of its own', () => {
  const error = new ImpasseError('IMPASSE_NO_SUCH_PROCESS', 'there is no process 1', 'look with `impasse ps`')
  expect(errorReport.parse(JSON.parse(renderErrorJson(error)))).toEqual({
    format: 'impasse-report',
    version: 1,
    error: {
      code: 'IMPASSE_NO_SUCH_PROCESS',
      message: 'there is no process 1',
      help: 'look with `impasse ps`',
    },
  })
})

test('the JSON Schema names the report and its error form', () => {
  const schema = reportJsonSchema()
  expect(schema).toMatchObject({
    $schema: expect.stringContaining('json-schema.org'),
    title: 'Impasse report',
  })
  expect(schema.anyOf).toHaveLength(2)
})

test('rendering loads no zod', () => {
  for (const file of ['report/json.ts', 'snapshot/report.ts', 'snapshot/model.ts'])
    for (const line of readFileSync(new URL(`../../src/${file}`, import.meta.url), 'utf8').split('\n'))
      if (/from '(zod|.*schema\.ts)'/.test(line)) expect(line).toMatch(/^import type/)
})
