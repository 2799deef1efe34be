/** Which pages of a process hold anything: `/proc/<pid>/pagemap` (proc_pid_pagemap(5)). Most of a thread's stack was never touched. */
import { closeSync, openSync, readSync } from 'node:fs'

export interface TouchedPages {
  /** Ranges of pages within a range that were touched; all of it where that cannot be told. */
  within(from: number, to: number): readonly (readonly [number, number])[]
}

export const allTouched: TouchedPages = { within: (from, to) => [[from, to]] }

const PAGE = 4096
/** For less it does not pay to ask. */
const SMALLEST = 16 * PAGE

export function touchedPages(pid: number): TouchedPages & { close(): void } {
  let fd: number | undefined
  try {
    fd = openSync(`/proc/${pid}/pagemap`, 'r')
  } catch {}
  return {
    within: (from, to) => (fd === undefined || to - from < SMALLEST ? [[from, to]] : touched(fd, from, to)),
    close: () => {
      if (fd !== undefined) closeSync(fd)
    },
  }
}

function touched(fd: number, from: number, to: number): readonly (readonly [number, number])[] {
  const first = Math.floor(from / PAGE)
  const count = Math.ceil(to / PAGE) - first
  const entries = Buffer.allocUnsafe(count * 8)
  try {
    if (readSync(fd, entries, 0, entries.length, first * 8) !== entries.length) return [[from, to]]
  } catch {
    return [[from, to]]
  }
  const parts: (readonly [number, number])[] = []
  for (let page = 0; page < count; ) {
    const isThere = (index: number) => index < count && entries[index * 8 + 7]! >= 0x40 // Present, or swapped out.
    if (!isThere(page)) {
      page++
      continue
    }
    let end = page + 1
    while (isThere(end)) end++
    parts.push([Math.max(from, (first + page) * PAGE), Math.min(to, (first + end) * PAGE)])
    page = end
  }
  return parts
}
