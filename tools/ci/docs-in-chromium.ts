import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

import { chromium, type BrowserContext, type Locator, type Page } from 'playwright-core'

/*
 * Opens the pages of a running registry in Chromium and uses them as people do. Fails on anything in the browser's
 * console, on a request to another host, and when a call that is tried out is not answered as it should be.
 *
 *   node tools/ci/docs-in-chromium.ts http://localhost:8080 --user ada --password … --screenshots DIR
 *
 * With --oauth-token, a token of the user with the scope repo:create, v1 is tried out with a pasted token too.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    user: { type: 'string' },
    password: { type: 'string' },
    'oauth-token': { type: 'string' },
    screenshots: { type: 'string' },
    chromium: { type: 'string', default: '/usr/bin/chromium' },
  },
})
const [base] = positionals
const { user, password, screenshots } = values
if (!base || !user || !password || !screenshots) {
  console.error('usage: docs-in-chromium.ts BASEURL --user NAME --password TEXT --screenshots DIR')
  process.exit(2)
}
const { origin } = new URL(base)
const faults: string[] = []

await mkdir(screenshots, { recursive: true })
const browser = await chromium.launch({
  executablePath: values.chromium,
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
try {
  await lookAtPages()
  await tryOut(user, password)
  if (values['oauth-token']) await tryOutWithToken(user, values['oauth-token'])
} catch (error) {
  faults.push(String(error))
} finally {
  await browser.close()
}
for (const fault of faults) console.error(fault)
console.log(faults.length === 0 ? 'pages work in Chromium' : `${faults.length} faults`)
process.exitCode = faults.length === 0 ? 0 : 1

/** Each page, light and dark, wide and narrow: screenshots, and nothing wider than the window. */
async function lookAtPages() {
  for (const colorScheme of ['light', 'dark'] as const)
    for (const width of [1280, 390]) {
      const context = await browser.newContext({ colorScheme, viewport: { width, height: 900 } })
      for (const [name, path] of [
        ['welcome', '/'],
        ['docs-v1', '/docs'],
        ['docs-v2', '/docs?urls.primaryName=v2'],
      ] as const) {
        const page = await open(context, path)
        if (name !== 'welcome') await page.locator('.opblock').first().waitFor()
        await shoot(page, `${name}-${colorScheme}-${width}`)
        const excess = await page.evaluate<number>(
          'document.documentElement.scrollWidth - innerWidth',
        )
        if (excess > 0) faults.push(`${path} is ${excess} px wider than a window of ${width} px`)
      }
      await context.close()
    }
}

/** A public call, a sign-in, a call that needs its CSRF token, and a call with a pasted token. */
async function tryOut(username: string, secret: string) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } })
  const page = await open(context, '/docs')
  await expectTitle(page, 'management API')
  await expectText(page.locator('#sign-in'), 'Not signed in')
  await call(page, 'getRegistryCapabilities', { tag: 'capabilities', status: 200 })
  await call(page, 'signinUser', {
    tag: 'user',
    body: { username, password: secret },
    status: 200,
  })
  await expectText(page.locator('#sign-in'), `Signed in as ${username}`)
  const repository = `docs-page-${Date.now().toString(36)}`
  await call(page, 'createRepo', {
    tag: 'repository',
    body: { namespace: username, repository, visibility: 'private', description: '' },
    status: 201,
  })
  await call(page, 'getRepo', {
    tag: 'repository',
    path: { repository: `${username}/${repository}` },
    status: 200,
  })
  await expectText(
    operation(page, 'getRepo').locator('.request-url'),
    `/api/v1/repository/${username}/${repository}`,
  )
  await shoot(page, 'tried-out-v1')

  await page.locator('.topbar select').selectOption('/openapi/v2.json')
  await expectTitle(page, 'registry API')
  await authorize(page, await fetchToken(username, secret))
  await call(page, 'listCatalog', { tag: 'catalog', status: 200 })
  await shoot(page, 'tried-out-v2')

  const again = await open(context, '/docs?urls.primaryName=v1#/user/logout')
  await expectText(again.locator('#sign-in'), `Signed in as ${username}`)
  await operation(again, 'logout').locator('.execute').waitFor()
  await call(again, 'logout', { tag: 'user', status: 200 })
  await expectText(again.locator('#sign-in'), 'Not signed in')
  await context.close()
}

/** The same call as somebody who has a token and no session. */
async function tryOutWithToken(username: string, token: string) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } })
  const page = await open(context, '/docs')
  await authorize(page, token)
  const repository = `docs-page-token-${Date.now().toString(36)}`
  await call(page, 'createRepo', {
    tag: 'repository',
    body: { namespace: username, repository, visibility: 'private', description: '' },
    status: 201,
  })
  await expectText(page.locator('#sign-in'), 'Not signed in')
  await context.close()
}

async function open(context: BrowserContext, path: string): Promise<Page> {
  const page = await context.newPage()
  // Violations of the Content-Security-Policy are written to the console as errors.
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type()))
      faults.push(`${path}: console: ${message.text()} (${message.location().url})`)
  })
  page.on('pageerror', (error) => faults.push(`${path}: ${error.message}`))
  page.on('request', (request) => {
    const { protocol, origin: asked } = new URL(request.url())
    if (asked !== origin && protocol !== 'data:' && protocol !== 'blob:')
      faults.push(`${path} asks another host: ${request.url()}`)
  })
  const response = await page.goto(origin + path, { waitUntil: 'networkidle' })
  // A page that is open already only goes to another fragment: nothing is answered then.
  if (response && response.status() !== 200) faults.push(`${path}: ${response.status()}`)
  return page
}

function operation(page: Page, operationId: string): Locator {
  return page.locator('.opblock').filter({
    has: page.locator('.opblock-summary-operation-id', {
      hasText: new RegExp(`^${operationId}$`),
    }),
  })
}

interface TriedCall {
  /** Its tag. Of a large document only what is in sight is drawn, so the page is told to show this tag alone. */
  tag: string
  path?: Record<string, string>
  body?: unknown
  status: number
}

/** Fills in an operation, executes it and compares the status of the answer. */
async function call(page: Page, operationId: string, { tag, path = {}, body, status }: TriedCall) {
  const block = operation(page, operationId)
  if (!(await block.isVisible())) await page.locator('.operation-filter-input').fill(tag)
  if (!(await block.locator('.execute').isVisible()))
    await block.locator('.opblock-summary-control').click()
  for (const [name, value] of Object.entries(path))
    await block.locator(`tr[data-param-name="${name}"] input`).fill(value)
  if (body !== undefined)
    await block.locator('.body-param__text').fill(JSON.stringify(body, undefined, 2))
  await block.locator('.execute').click()
  const shown = block.locator('.live-responses-table .response-col_status').last()
  await expectText(shown, String(status), `${operationId} is answered`)
}

async function authorize(page: Page, token: string) {
  await page.locator('.btn.authorize').click()
  const form = page
    .locator('.auth-container')
    .filter({ hasText: /(?:oauth|registry)Token\W+\(http, Bearer\)/ })
  await form.locator('input').fill(token)
  await form.locator('button.authorize').click()
  await shoot(page, 'authorize')
  await page.locator('.modal-ux .close-modal').click()
}

async function fetchToken(username: string, secret: string): Promise<string> {
  const url = new URL('/v2/auth', origin)
  url.searchParams.set('service', url.host)
  url.searchParams.set('scope', 'registry:catalog:*')
  const credentials = Buffer.from(`${username}:${secret}`).toString('base64')
  const response = await fetch(url, { headers: { Authorization: `Basic ${credentials}` } })
  if (!response.ok) throw new Error(`/v2/auth answers ${response.status}`)
  return ((await response.json()) as { token: string }).token
}

async function expectTitle(page: Page, text: string) {
  await page.locator('.info .title', { hasText: text }).waitFor({ timeout: 10_000 })
}

/** Waits until an element holds a text; says what it held instead. */
async function expectText(element: Locator, text: string, about = '') {
  try {
    await element.filter({ hasText: text }).first().waitFor({ timeout: 10_000 })
  } catch {
    const found = (await element.allTextContents()).join(' ').slice(0, 500)
    faults.push(`${about} expected "${text}", found "${found}"`.trim())
  }
}

async function shoot(page: Page, name: string) {
  await page.screenshot({ path: join(screenshots!, `${name}.png`) })
}
