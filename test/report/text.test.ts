import { stripVTControlCharacters } from 'node:util'
import { expect, test } from 'vitest'
import { diagnose } from '../../src/diagnosis/diagnose.ts'
import { renderText } from '../../src/report/text.ts'
import * as scenes from './scenes.ts'

test.each(Object.entries(scenes))('%s', async (name, scene) => {
  const snapshot = scene()
  const text = renderText(snapshot, diagnose(snapshot))
  await expect(text).toMatchFileSnapshot(`golden/${name}.golden.txt`)
})

test('all frames', async () => {
  const snapshot = scenes.queue()
  await expect(renderText(snapshot, diagnose(snapshot), { allFrames: true })).toMatchFileSnapshot(
    'golden/queue-all-frames.golden.txt',
  )
})

test('colour changes nothing but colour, and is off unless asked for', () => {
  for (const scene of Object.values(scenes)) {
    const snapshot = scene()
    const diagnosis = diagnose(snapshot)
    const plain = renderText(snapshot, diagnosis)
    const colored = renderText(snapshot, diagnosis, { color: true })
    expect(stripVTControlCharacters(plain)).toBe(plain)
    expect(colored).not.toBe(plain)
    expect(stripVTControlCharacters(colored)).toBe(plain)
  }
})
