/** What is known of one library's locks: it sharpens names, keys and units, and decides nothing. */
export interface LockAdapter {
  /** The package, with the versions whose fields these are. */
  readonly library: string
  /** The class of the object whose method is awaited; empty for a scope of functions. */
  readonly className: string
  /** Fields, or variables, that it must have: another class of the same name has others. */
  readonly fields: readonly string[]
  readonly kind: 'mutex' | 'semaphore' | 'pool' | 'queue'
  /** What one unit is called: `a connection of`. */
  readonly unit?: string
  /** The field that says how many it lets in; behind a dot that of an object in a field. */
  readonly capacity?: string
}
