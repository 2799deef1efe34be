/**
 * Takes secrets out of command lines and labels before anything is kept or shown. What is one can only be told by its
 * looks: by the name of the option or variable, as part of a URL, or by the shape that well-known issuers give theirs.
 */

/** What stands in a secret's place. */
export const REDACTED = '[redacted]'

const NAMES =
  'pass(?:word|wd|phrase|code)?|pwd|secrets?|tokens?|api-?_?keys?|access-?_?keys?|private-?_?keys?|account-?_?keys?|' +
  'client-?_?secret|credentials?|creds|auth(?:orization|enticate)?|bearer|cookies?|session(?:-?_?id)?|signature|sig|' +
  'dsn|connection-?_?string|conn-?_?str|license-?_?key|encryption-?_?key|signing-?_?key|otp|pin|salt'

/** `--db-password`, `DB_PASSWORD`, and once it is spread `dbPassword`: a word of its own in a name. */
const secretName = new RegExp(`(?:^|[-_.])(?:${NAMES})(?:$|[-_.0-9])`, 'i')
/** `dbpassword`, but not `compass` or `spin`: short words count only where they are set off. */
const secretEnd = /(?:password|passwd|passphrase|secret|token|apikey|credentials?|[-_.]key|^key)$/i

function isSecretName(name: string): boolean {
  const spread = name.replace(/^-+/, '').replace(/([a-z0-9])([A-Z])/g, '$1_$2')
  return secretName.test(spread) || secretEnd.test(spread)
}

/** The arguments of a process, with what looks like a secret in them replaced. */
export function redactedArguments(args: readonly string[]): string[] {
  return args.map((argument, at) => {
    const before = at > 0 ? args[at - 1]! : ''
    const isValue = /^--?[\w.-]+$/.test(before) && !argument.startsWith('-')
    if (isValue && isSecretName(before)) return REDACTED
    if (isValue && /^(-u|--user|--proxy-user)$/.test(before) && argument.includes(':'))
      return argument.replace(/:.*$/s, `:${REDACTED}`)
    return redactedText(argument)
  })
}

/** One text (an argument, a command of a shell, a title, a label), with what looks like a secret in it replaced. */
export function redactedText(text: string): string {
  if (text.length > MOST) return redactedText(`${text.slice(0, MOST - 1)}…`)
  return (
    text
      // scheme://user:password@host
      .replace(/\b([a-z][a-z0-9+.-]{0,20}:\/\/)[^\s/@'"]{1,500}@/gi, `$1${REDACTED}@`)
      // Authorization: Bearer …
      .replace(
        /\b((?:proxy-)?authorization|cookie|x-[\w-]{0,40}(?:token|key|auth)[\w-]{0,20})(\s*[:=]\s*)[^'"\r\n]+/gi,
        `$1$2${REDACTED}`,
      )
      .replace(/\b(Bearer|Basic)\s+[\w+/.=~-]{6,}/g, `$1 ${REDACTED}`)
      // --name=value, name=value, NAME=value, ?name=value, "name":"value"
      .replace(
        /(?<![\w.])(-{0,2}[A-Za-z_][\w.-]{0,60})(["']?\s?[=:]\s?)("[^"]*"|'[^']*'|[^\s&;,'"]+)/g,
        (whole, name: string, is: string, value: string) =>
          isSecretName(name) && !value.startsWith('//') ? `${name}${is}${REDACTED}` : whole,
      )
      // --name value, in the text of a shell's command
      .replace(
        /(?<![\w-])(--?[A-Za-z][\w.-]{1,60})(\s+)("[^"]*"|'[^']*'|[^\s'"-][^\s'"]*)/g,
        (whole, name: string, gap: string) => (isSecretName(name) ? `${name}${gap}${REDACTED}` : whole),
      )
      .replace(/((?:^|\s)(?:-u|--user|--proxy-user)[\s=]+)([^\s:'"]+):[^\s'"]+/g, `$1$2:${REDACTED}`)
      .replace(knownShapes, REDACTED)
  )
}

/** A program's text given to `-e` may be long; nobody reads it to the end in a command line. */
const MOST = 4000

/** GitHub, GitLab, Slack, Stripe and OpenAI, npm, AWS, Google; JSON Web Tokens; private keys. */
const knownShapes = new RegExp(
  [
    'gh[pousr]_\\w{20,}',
    'github_pat_\\w{20,}',
    'glpat-[\\w-]{16,}',
    'xox[abeprs]-[\\w-]{10,}',
    '\\b[sr]k[-_](?:live|test|proj)?[-_]?\\w{16,}',
    'npm_\\w{30,}',
    '\\bA[KS]IA[A-Z0-9]{16}\\b',
    'AIza[\\w-]{30,}',
    'eyJ[\\w-]{8,}\\.[\\w-]{8,}\\.[\\w-]*',
    '-----BEGIN [A-Z ]*PRIVATE KEY-----[\\s\\S]*',
  ].join('|'),
  'g',
)
