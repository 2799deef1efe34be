/// <reference lib="dom" />
/** The page in a real browser: Debian's Chromium. Skipped where there is none, unless IMPASSE_REQUIRE_CHROMIUM is set. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { diagnose } from '../../../src/diagnosis/diagnose.ts'
import { renderHtml } from '../../../src/report/html/html.tsx'
import type { Snapshot } from '../../../src/snapshot/model.ts'
import * as scenes from '../scenes.ts'
import { crowd } from './crowd.ts'

const executablePath = '/usr/bin/chromium'
const wanted = process.env.IMPASSE_REQUIRE_CHROMIUM !== undefined || existsSync(executablePath)

describe.runIf(wanted)('in Chromium', () => {
  let browser: Browser
  const folder = mkdtempSync(join(tmpdir(), 'impasse-'))
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
  }, 60_000)
  afterAll(async () => {
    await browser?.close()
    rmSync(folder, { recursive: true })
  })

  /** The page opened from a file, as a CI artefact is, with all that went wrong on it. */
  async function open(snapshot: Snapshot): Promise<{ page: Page; troubles: string[] }> {
    const file = join(folder, 'report.html')
    writeFileSync(file, await renderHtml(snapshot, diagnose(snapshot)))
    const page = await browser.newPage()
    onTestFinished(() => page.close())
    const troubles: string[] = []
    page.on('console', message => void troubles.push(message.text()))
    page.on('pageerror', error => void troubles.push(error.message))
    page.on('dialog', dialog => {
      troubles.push(`dialog: ${dialog.message()}`)
      void dialog.dismiss()
    })
    page.on('request', request => {
      if (!request.url().startsWith('file:')) troubles.push(`request: ${request.url()}`)
    })
    await page.goto(`file://${file}`)
    return { page, troubles }
  }

  test.each(Object.entries(scenes))('%s loads without a word on the console', async (_, scene) => {
    const { page, troubles } = await open(scene())
    expect(await page.title()).toMatch(/^[A-Z]+: /)
    expect(troubles).toEqual([])
  })

  test('the graph shows, with the circle in colour, and its nodes lead to the stacks', async () => {
    const { page } = await open(scenes.queue())
    const box = await page.locator('.picture svg').boundingBox()
    expect(box!.width).toBeGreaterThan(100)
    expect(box!.height).toBeGreaterThan(100)
    const stroke = (selector: string) =>
      page
        .locator(selector)
        .first()
        .evaluate(element => getComputedStyle(element).stroke)
    expect(await stroke('.node.blamed.party path')).toBe('rgb(179, 38, 30)')
    expect(await stroke('.node.party:not(.blamed) path')).not.toBe('rgb(179, 38, 30)')
    const worker = page.locator('#p4242-t1')
    expect(await worker.isVisible()).toBe(false)
    await page.locator('.picture a', { hasText: 'worker 1' }).click()
    await worker.waitFor({ state: 'visible' })
    expect(await worker.evaluate(element => element === document.activeElement)).toBe(true)
  })

  test('search filters, the keyboard reaches it, and Escape ends it', async () => {
    const { page } = await open(scenes.blocked())
    const groups = page.locator('.group:visible')
    expect(await groups.count()).toBe(3)
    await page.keyboard.press('/')
    await page.keyboard.type('REFRESHER')
    expect(await groups.count()).toBe(1)
    expect(await page.locator('#found').textContent()).toBe('1 of 3 stacks')
    await page.keyboard.press('Escape')
    expect(await groups.count()).toBe(3)
  })

  test('by keyboard alone: the links of the findings come first, a summary opens with Enter', async () => {
    const { page } = await open(scenes.queue())
    await page.keyboard.press('Tab')
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('the main thread')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await page.locator('.finding details[open] a', { hasText: 'worker 1' }).waitFor({ state: 'visible' })
  })

  test('a place is copied', async () => {
    const { page } = await open(scenes.queue())
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
    await page.getByRole('button', { name: 'Copy queue.mjs:29:15' }).first().click()
    await page.locator('.copied').waitFor()
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe('queue.mjs:29:15')
  })

  test('nothing of a hostile program runs, nor would it if it became markup', async () => {
    const snapshot = structuredClone(scenes.queue())
    const attack = `"><img src=x onerror="alert(1)"><script>alert(2)</script><svg onload=alert(3)>`
    for (const resource of snapshot.resources) (resource as { label: string }).label = attack
    for (const thread of snapshot.processes[0]!.threads) (thread as { name: string }).name = attack
    const { page, troubles } = await open(snapshot)
    await page.waitForTimeout(100)
    expect(troubles).toEqual([])
    // The policy holds on its own.
    await page.evaluate(() => {
      document.body.insertAdjacentHTML('beforeend', '<svg onload="alert(4)"></svg>')
      const script = document.createElement('script')
      script.textContent = 'alert(5)'
      document.body.append(script)
    })
    await page.waitForTimeout(100)
    expect(troubles.filter(trouble => trouble.startsWith('dialog'))).toEqual([])
    expect(troubles.some(trouble => /Content Security Policy/.test(trouble))).toBe(true)
  })

  test('2 000 threads with stacks of their own stay usable', async () => {
    const { page, troubles } = await open(crowd(2000, 50))
    const took = await page.evaluate(() => {
      const search = document.querySelector<HTMLInputElement>('#search')!
      const start = performance.now()
      search.value = 'worker 1999'
      search.dispatchEvent(new Event('input'))
      return performance.now() - start
    })
    expect(await page.locator('.group:visible').count()).toBe(1)
    expect(took).toBeLessThan(1000)
    expect(troubles).toEqual([])
  })

  test('light and dark', async () => {
    const { page } = await open(scenes.abba())
    const back = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor)
    await page.emulateMedia({ colorScheme: 'light' })
    expect(await back()).toBe('rgb(255, 255, 255)')
    await page.emulateMedia({ colorScheme: 'dark' })
    expect(await back()).toBe('rgb(23, 24, 27)')
  })
})
