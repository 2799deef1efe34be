import { expect, test } from 'vitest'
import { diagnose } from '../../src/diagnosis/diagnose.ts'
import { renderGithub } from '../../src/report/github.ts'
import { renderJunit } from '../../src/report/junit.ts'
import { renderMarkdown } from '../../src/report/markdown.ts'
import { renderSarif } from '../../src/report/sarif.ts'
import { abba, busy, idle, queue } from './scenes.ts'

const formats = {
  'github.txt': renderGithub,
  'junit.xml': renderJunit,
  md: renderMarkdown,
  sarif: renderSarif,
}

for (const [suffix, render] of Object.entries(formats)) {
  test.each(Object.entries({ queue, abba, busy, idle }))(`%s as ${suffix}`, async (name, scene) => {
    const snapshot = scene()
    await expect(render(snapshot, diagnose(snapshot))).toMatchFileSnapshot(`golden/${name}.golden.${suffix}`)
  })
}

test('what a program calls its things cannot break out of a format', () => {
  const snapshot = queue()
  const evil = structuredClone(snapshot)
  const strange = ']]>\u0000<script>::error::`|*%0A'
  for (const resource of evil.resources) (resource as { label: string }).label = strange
  const diagnosis = diagnose(evil)
  const junit = renderJunit(evil, diagnosis)
  expect(junit).not.toContain('\u0000')
  const withoutAttributes = junit.replace(/"[^"]*"/g, '""')
  expect(withoutAttributes.match(/<!\[CDATA\[/g)?.length).toBe(withoutAttributes.match(/\]\]>/g)?.length)
  expect(renderGithub(evil, diagnosis).trim().split('\n')).toHaveLength(diagnosis.findings.length)
  expect(renderMarkdown(evil, diagnosis).split('```')[0]).not.toContain('<script>')
  expect(JSON.parse(renderSarif(evil, diagnosis)).version).toBe('2.1.0')
})
