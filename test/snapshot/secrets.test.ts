import { expect, test } from 'vitest'
import { redactedArguments, redactedText } from '../../src/snapshot/secrets.ts'

test.each([
  [
    ['node', 'app.js', '--password=hunter2'],
    ['node', 'app.js', '--password=[redacted]'],
  ],
  [
    ['node', 'app.js', '--token', 'hunter2', '-v'],
    ['node', 'app.js', '--token', '[redacted]', '-v'],
  ],
  [
    ['node', 'app.js', '--db-password', 'hunter2'],
    ['node', 'app.js', '--db-password', '[redacted]'],
  ],
  [
    ['node', '--dbPassword=hunter2'],
    ['node', '--dbPassword=[redacted]'],
  ],
  [
    ['node', '--dbpassword=hunter2'],
    ['node', '--dbpassword=[redacted]'],
  ],
  [
    ['env', 'API_KEY=hunter2', 'node'],
    ['env', 'API_KEY=[redacted]', 'node'],
  ],
  [
    ['env', 'AWS_SECRET_ACCESS_KEY=hunter2'],
    ['env', 'AWS_SECRET_ACCESS_KEY=[redacted]'],
  ],
  [
    ['env', 'KEY=hunter2'],
    ['env', 'KEY=[redacted]'],
  ],
  [
    ['node', 'postgres://app:hunter2@db:5432/x'],
    ['node', 'postgres://[redacted]@db:5432/x'],
  ],
  [
    ['node', 'https://h/x?id=7&access_token=hunter2&y=1'],
    ['node', 'https://h/x?id=7&access_token=[redacted]&y=1'],
  ],
  [
    ['curl', '-u', 'me:hunter2'],
    ['curl', '-u', 'me:[redacted]'],
  ],
  [
    ['curl', '-H', 'Authorization: Bearer hunter2hunter2'],
    ['curl', '-H', 'Authorization: [redacted]'],
  ],
  [
    ['sh', '-c', 'PGPASSWORD=hunter2 psql --token hunter2 x'],
    ['sh', '-c', 'PGPASSWORD=[redacted] psql --token [redacted] x'],
  ],
  [
    ['node', 'ghp_0123456789abcdef0123456789'],
    ['node', '[redacted]'],
  ],
  [
    ['node', '{"password":"hunter2"}'],
    ['node', '{"password":[redacted]}'],
  ],
])('%j', (args, expected) => {
  expect(redactedArguments(args)).toEqual(expected)
})

test.each([
  ['node', 'server.js', '--port', '8080'],
  ['node', '--inspect-port=0', '--max-old-space-size=4096', 'main.mjs'],
  ['node', 'test/token.test.js', '--keys', 'a'],
  ['node', '--monkey=1', '--spin=3', '--compass=north', '--author=me'],
  ['node', 'https://example.org/a?page=2'],
  ['node', 'node_modules/vitest/vitest.mjs', 'run', '--reporter=default'],
  ['node', 'C:/x', 'a@b.c', '-u'],
])('%s %s %s stays as it is', (...args) => {
  expect(redactedArguments(args)).toEqual(args)
})

test('a text is bounded, and costs no more than its length', () => {
  const begun = performance.now()
  redactedText('--password '.repeat(50_000))
  redactedText('a://'.repeat(50_000))
  redactedText(`${'x_'.repeat(50_000)}=1`)
  expect(performance.now() - begun).toBeLessThan(1000)
})
