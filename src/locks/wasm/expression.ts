/** What a function's code says about a value: a number, a parameter with something added, or what stands at such an address. */
export type Expression =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'parameter'; readonly index: number }
  | { readonly kind: 'sum'; readonly of: Expression; readonly plus: number }
  | { readonly kind: 'load'; readonly from: Expression; readonly memory: number }
  | { readonly kind: 'unknown' }

export const unknownValue: Expression = { kind: 'unknown' }

export function numberValue(value: number): Expression {
  return Number.isSafeInteger(value) ? { kind: 'number', value } : unknownValue
}

export function plus(expression: Expression, more: number): Expression {
  if (expression.kind === 'unknown' || more === 0) return expression
  if (expression.kind === 'number') return { kind: 'number', value: expression.value + more }
  if (expression.kind === 'sum') return plus(expression.of, expression.plus + more)
  return { kind: 'sum', of: expression, plus: more }
}

/** `left + right`, where one of them is a number. */
export function sum(left: Expression, right: Expression): Expression {
  if (right.kind === 'number') return plus(left, right.value)
  return left.kind === 'number' ? plus(right, left.value) : unknownValue
}

export function load(from: Expression, memory: number): Expression {
  return from.kind === 'unknown' ? unknownValue : { kind: 'load', from, memory }
}

/** The expression of a callee in terms of its caller: parameters replaced by the arguments of the call. */
export function within(expression: Expression, given: readonly Expression[]): Expression {
  switch (expression.kind) {
    case 'parameter':
      return given[expression.index] ?? unknownValue
    case 'sum':
      return plus(within(expression.of, given), expression.plus)
    case 'load':
      return load(within(expression.from, given), expression.memory)
    default:
      return expression
  }
}

/** Equal for values that are the same whatever the parameters are; undefined for what is not known. */
export function keyOf(expression: Expression): string | undefined {
  switch (expression.kind) {
    case 'number':
      return String(expression.value)
    case 'parameter':
      return `p${expression.index}`
    case 'unknown':
      return undefined
    case 'sum':
      return `${keyOf(expression.of)}+${expression.plus}`
    case 'load':
      return `${expression.memory}[${keyOf(expression.from)}]`
  }
}

/** True when a caller has a say in it. */
export function dependsOnCaller(expression: Expression): boolean {
  if (expression.kind === 'sum') return dependsOnCaller(expression.of)
  return expression.kind === 'load' ? dependsOnCaller(expression.from) : expression.kind === 'parameter'
}

/** Its value, given the parameters and somebody who reads memory; undefined where something is missing. */
export async function worth(
  expression: Expression,
  parameters: readonly (number | undefined)[],
  read: (memory: number, address: number) => Promise<number | undefined>,
): Promise<number | undefined> {
  switch (expression.kind) {
    case 'number':
      return expression.value
    case 'parameter':
      return parameters[expression.index]
    case 'unknown':
      return undefined
    case 'sum': {
      const value = await worth(expression.of, parameters, read)
      return value === undefined ? undefined : value + expression.plus
    }
    case 'load': {
      const address = await worth(expression.from, parameters, read)
      return address === undefined ? undefined : read(expression.memory, address >>> 0)
    }
  }
}
