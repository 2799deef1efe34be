/** The names of functions in a text that is too long to parse. */
const declarations = [
  /\bfunction\s*\*?\s*([A-Za-z_$][\w$]*)/g,
  /([A-Za-z_$][\w$]*)\s*[=:]\s*(?:async\s*)?(?:function\b|\([^()]*\)\s*=>)/g,
  /^\s*(?:static\s+)?(?:async\s+)?\*?\s*([A-Za-z_$][\w$]*)\s*\([^()]*\)\s*\{/gm,
]

/** What looks like the name of a function declaration, of a method, or of what a function is assigned to. */
export function namesDeclaredIn(text: string): ReadonlySet<string> {
  const names = new Set<string>()
  for (const pattern of declarations) for (const [, name] of text.matchAll(pattern)) names.add(name!)
  return names
}
