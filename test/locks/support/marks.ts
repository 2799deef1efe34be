/** Reads what a fixture says of itself: `//! main holds locks[1]; teller waits locks[2]` at the line it is about. */
import { readFileSync } from 'node:fs'
import { fixturePath } from '../../support/spawn-fixture.ts'

export interface Mark {
  readonly thread: string
  readonly does: 'holds' | 'waits' | 'maybe'
  readonly label: string
  readonly line: number
}

export function marksIn(file: string): readonly Mark[] {
  const lines = readFileSync(fixturePath(file), 'utf8').split('\n')
  return lines.flatMap((text, index) => {
    const said = /\/\/[!=] (.*)$/.exec(text)?.[1]
    if (!said) return []
    return said.split('; ').map(one => {
      const [, thread = '', does = '', label = ''] = /^(.*?) (holds|waits|maybe) (.*)$/.exec(one)!
      return { thread, does: does as Mark['does'], label, line: index + 1 }
    })
  })
}
