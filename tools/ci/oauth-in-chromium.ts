import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

import { chromium, type BrowserContext, type Page } from 'playwright-core'

/*
 * Walks the code flow of a running registry in Chromium, without scripts in the pages where none is needed: sign in,
 * consent, go back to an application that listens here, get a token with PKCE, call the API.
 *
 *   node tools/ci/oauth-in-chromium.ts http://localhost:8080 --user ada --password … --oauth-token … --screenshots DIR
 *
 * The token, of the user, needs the scopes org:admin and user:admin.
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
const { user, password, screenshots, 'oauth-token': bearer } = values
if (!base || !user || !password || !bearer || !screenshots) {
  console.error(
    'usage: oauth-in-chromium.ts BASEURL --user NAME --password TEXT --oauth-token TOKEN --screenshots DIR',
  )
  process.exit(2)
}
const { origin } = new URL(base)
await mkdir(screenshots, { recursive: true })

/** The application: it only answers where people come back to. */
const application = createServer((_, response) => response.end('back at the application'))
application.listen(0, '127.0.0.1')
await once(application, 'listening')
const callback = `http://127.0.0.1:${(application.address() as AddressInfo).port}/callback`

const browser = await chromium.launch({
  executablePath: values.chromium,
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking'],
})
const faults: string[] = []
try {
  const client = await registerApplication()
  await walkTheFlow(client)
  await lookAtPages(client)
  await showToken(client)
} catch (error) {
  faults.push(String(error))
} finally {
  await browser.close()
  application.close()
}
for (const fault of faults) console.error(fault)
console.log(faults.length === 0 ? 'the flow works in Chromium' : `${faults.length} faults`)
process.exitCode = faults.length === 0 ? 0 : 1

interface Client {
  client_id: string
  client_secret: string
}

async function api(method: string, path: string, body?: unknown) {
  const headers = { Authorization: `Bearer ${bearer}`, 'Content-Type': 'application/json' }
  const sent = body === undefined ? {} : { body: JSON.stringify(body) }
  const response = await fetch(origin + path, { method, headers, ...sent })
  assert.ok(response.ok, `${method} ${path}: ${response.status}`)
  return response.json()
}

async function registerApplication(): Promise<Client> {
  await api('POST', '/api/v1/organization/', { name: 'harbour', email: 'harbour@example.com' })
  const fields = {
    name: 'Deploy board',
    description: 'Shows which image runs where, and moves tags when a release is due.',
    application_uri: 'https://deploy.example.com',
    redirect_uri: callback,
  }
  return (await api('POST', '/api/v1/organization/harbour/applications', fields)) as Client
}

function authorizeUrl(client: Client, more: Record<string, string> = {}): string {
  const query = { client_id: client.client_id, redirect_uri: callback, scope: 'user:read', ...more }
  return `${origin}/oauth/authorize?${new URLSearchParams(query)}`
}

/** With scripts switched off: neither page needs one. */
async function walkTheFlow(client: Client) {
  const context = await browser.newContext({ javaScriptEnabled: false })
  const page = await open(context)
  const verifier = randomBytes(32).toString('base64url')
  const challenge = createHash('sha256').update(verifier).digest('base64url')
  const pkce = { code_challenge: challenge, code_challenge_method: 'S256' }
  await page.goto(authorizeUrl(client, { state: 'af0ifjsldkj', ...pkce }))
  await signIn(page)

  await page.getByRole('heading', { name: 'Authorize Deploy board?' }).waitFor()
  await page.getByRole('button', { name: 'Cancel' }).click()
  await page.waitForURL((url) => url.href.startsWith(callback))
  assert.equal(new URL(page.url()).searchParams.get('error'), 'authorization_denied')

  await page.goto(authorizeUrl(client, { state: 'af0ifjsldkj', ...pkce }))
  await page.keyboard.press('Tab')
  assert.equal(await page.locator(':focus').textContent(), 'Skip to the content')
  await page.getByRole('button', { name: 'Authorize' }).click()
  await page.waitForURL((url) => url.href.startsWith(callback))
  const back = new URL(page.url()).searchParams
  assert.equal(back.get('state'), 'af0ifjsldkj')

  const { client_id, client_secret } = client
  const form = { grant_type: 'authorization_code', redirect_uri: callback, code_verifier: verifier }
  const response = await fetch(`${origin}/oauth/access_token`, {
    method: 'POST',
    body: new URLSearchParams({ ...form, client_id, client_secret, code: back.get('code') ?? '' }),
  })
  const { access_token: token } = (await response.json()) as { access_token: string }
  const me = await fetch(`${origin}/api/v1/user/`, {
    headers: { Authorization: `Bearer ${token}` },
  })
  assert.equal(((await me.json()) as { username: string }).username, user)
  await context.close()
}

/** Both pages, light and dark, wide and narrow: screenshots, and nothing wider than the window. */
async function lookAtPages(client: Client) {
  const scope = 'repo:read repo:write org:admin'
  for (const colorScheme of ['light', 'dark'] as const)
    for (const width of [1280, 390]) {
      const context = await browser.newContext({ colorScheme, viewport: { width, height: 900 } })
      const page = await open(context)
      await page.goto(authorizeUrl(client, { scope }))
      await page.getByLabel('User name or e-mail address').fill(user!)
      await page.getByLabel('Password').fill('wrong')
      if (width === 390 && colorScheme === 'dark')
        await page.getByRole('button', { name: 'Sign in' }).click()
      await shoot(page, `signin-${colorScheme}-${width}`)
      // A wrong password makes the account wait half a second.
      await page.waitForTimeout(1_000)
      await signIn(page)
      await page.getByText('Far-reaching').waitFor()
      await shoot(page, `consent-${colorScheme}-${width}`)
      await context.close()
    }
}

/** The registry's own page takes the token out of its address. */
async function showToken(client: Client) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } })
  const page = await open(context)
  const redirect_uri = `${origin}/oauth/localapp`
  await page.goto(authorizeUrl(client, { redirect_uri, response_type: 'token' }))
  await signIn(page)
  await page.getByRole('button', { name: 'Authorize' }).click()
  await page.getByText('Send it as').waitFor()
  const token = (await page.locator('#token').textContent()) ?? ''
  assert.match(token, /^[A-Za-z0-9]{40}$/)
  assert.equal(new URL(page.url()).hash, '')
  const me = await fetch(`${origin}/api/v1/user/`, {
    headers: { Authorization: `Bearer ${token}` },
  })
  assert.equal(me.status, 200)
  await shoot(page, 'token-light-1280')
  await context.close()
}

async function signIn(page: Page) {
  await page.getByLabel('User name or e-mail address').fill(user!)
  await page.getByLabel('Password').fill(password!)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.waitForURL((url) => url.pathname === '/oauth/authorize')
}

async function open(context: BrowserContext): Promise<Page> {
  const page = await context.newPage()
  page.setDefaultTimeout(10_000)
  // Violations of the Content-Security-Policy are written to the console as errors.
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type()))
      faults.push(`console: ${message.text()} (${message.location().url})`)
  })
  page.on('pageerror', (error) => faults.push(error.message))
  return page
}

async function shoot(page: Page, name: string) {
  const excess = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')
  if (excess > 0) faults.push(`${name} is ${excess} px too wide`)
  await page.screenshot({ path: join(screenshots!, `${name}.png`), fullPage: true })
}
