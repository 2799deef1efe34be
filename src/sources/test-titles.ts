/** The titles of the test blocks around a place: what a test runner would print for it. */
import type { Syntax } from './syntax.ts'
import { isFunction, type Node } from './syntax-tree.ts'

/** What mocha, jest, vitest, node:test and playwright call their blocks (each one's documented globals). */
const blocks = new Set(['describe', 'suite', 'context', 'it', 'test', 'specify'])

/**
 * Outermost first: `['ledger', 'tells its observers']` inside of `describe('ledger', () => it('tells its observers',
 * () => …))`, with or without `.only`, `.each(…)` and the like.
 */
export function testTitles(syntax: Syntax, within: Node): readonly string[] {
  const titles: string[] = []
  for (let node: Node | null | undefined = within; node; node = syntax.parentOf(node)) {
    const call = isFunction(node) ? syntax.parentOf(node) : undefined
    if (call?.type !== 'CallExpression' || call.callee === node) continue
    const title = titleOf(call.arguments[0])
    if (title !== undefined && blocks.has(firstName(call.callee) ?? '')) titles.unshift(title)
  }
  return titles
}

/** `it` of `it`, `it.only`, `it.each(table)`, `(0, runner.it)` and `t.test`. */
function firstName(callee: Node): string | undefined {
  switch (callee.type) {
    case 'Identifier':
      return callee.name
    case 'MemberExpression': {
      const inner = firstName(callee.object)
      if (inner !== undefined && blocks.has(inner)) return inner
      return callee.property.type === 'Identifier' && !callee.computed ? callee.property.name : undefined
    }
    case 'CallExpression':
    case 'TaggedTemplateExpression':
      return firstName(callee.type === 'CallExpression' ? callee.callee : callee.tag)
    case 'SequenceExpression':
      return firstName(callee.expressions.at(-1)!)
    case 'ParenthesizedExpression':
      return firstName(callee.expression)
    default:
      return undefined
  }
}

function titleOf(argument: Node | undefined): string | undefined {
  if (argument?.type === 'Literal' && typeof argument.value === 'string') return argument.value
  if (argument?.type !== 'TemplateLiteral' || argument.expressions.length > 0) return undefined
  return argument.quasis[0]?.value.cooked ?? undefined
}
