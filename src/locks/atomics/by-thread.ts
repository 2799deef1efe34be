/** Orders parties by their threads' numbers. */
export function byThread(left: string, right: string): number {
  // One whose number is not known comes last.
  const number = (party: string) => Number(party.split('/t')[1] ?? Number.MAX_SAFE_INTEGER)
  return number(left) - number(right)
}
