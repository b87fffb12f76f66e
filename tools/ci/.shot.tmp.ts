import { chromium } from 'playwright-core'
const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
})
const list: [string, string][] = [
  ['welcome', 'http://localhost:18931/'],
  ['empty', 'http://localhost:18932/'],
  ['docs', 'http://localhost:18931/docs'],
  ['docsv2', 'http://localhost:18931/docs?urls.primaryName=v2'],
  ['nix', 'http://localhost:18931/nix'],
  ['deep', 'http://localhost:18931/docs?urls.primaryName=v1#/repository/createRepo'],
]
for (const colorScheme of ['light', 'dark'] as const)
  for (const width of [1280, 390]) {
    const context = await browser.newContext({ colorScheme, viewport: { width, height: 900 } })
    for (const [name, url] of list) {
      const page = await context.newPage()
      page.on('console', (m) => console.log(name, m.type(), m.text(), m.location().url))
      page.on('pageerror', (e) => console.log(name, 'ERR', e.message))
      page.on('request', (r) => {
        if (!r.url().startsWith('http://localhost') && !r.url().startsWith('data:'))
          console.log('OUT', r.url())
      })
      await page.goto(url)
      await page.waitForLoadState('networkidle')
      if (name.startsWith('d')) await page.waitForSelector('.opblock')
      await page.waitForTimeout(400)
      await page.screenshot({
        path: `/tmp/shots/${name}-${colorScheme}-${width}.png`,
        fullPage: !name.startsWith('d'),
      })
      const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
      if (over > 0) console.log(name, width, 'overflows by', over)
      await page.close()
    }
  }
await browser.close()
