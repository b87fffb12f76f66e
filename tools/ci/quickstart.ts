// The lines of the README for people with curl, as they stand, against a fresh registry on port 8080.
import assert from 'node:assert/strict'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'

import { check } from './check.ts'
import { must } from './command.ts'
import { createUser, initializeUser, makeFolder, withServer } from './npm-server.ts'

await withServer({ port: 8080 }, async (server) => {
  await check('the first account is made by POST /api/v1/user/initialize', () =>
    initializeUser(server, 'admin', 'password'),
  )
  await check('another account is made by npm run portolan beside the running registry', () =>
    createUser(server, 'username', 'password'),
  )
  await check('the lines for /api/v1 sign in and show the user', async () => {
    const output = await runLines('v1.sh')
    const signedIn = '{"success":true}'
    assert.equal(output.slice(0, signedIn.length), signedIn)
    const user = JSON.parse(output.slice(signedIn.length)) as { username: string }
    assert.equal(user.username, 'admin')
  })
  await check('the lines for /v2 list an empty catalog and give a token', async () => {
    const [catalog, token = ''] = (await runLines('v2.sh', '\nprintf "\\n%s" "$TOKEN"')).split('\n')
    assert.equal(catalog, '{"repositories":[]}')
    const [header, claims] = token
      .split('.')
      .slice(0, 2)
      .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()))
    assert.deepEqual([header.alg, claims.aud, claims.sub], ['ES256', 'localhost:8080', 'username'])
  })
  await check('Basic credentials are not accepted on /api/v1', async () => {
    const credentials = Buffer.from('admin:password').toString('base64')
    const response = await fetch(`${server.url}/api/v1/user/`, {
      headers: { Authorization: `Basic ${credentials}` },
    })
    assert.equal(response.status, 401)
  })
})

async function runLines(name: string, more = ''): Promise<string> {
  const folder = await makeFolder('quickstart')
  const lines = await readFile(join(import.meta.dirname, 'quickstart', name), 'utf8')
  try {
    return await must(['bash', '-euo', 'pipefail', '-c', lines + more], { folder })
  } finally {
    await rm(folder, { recursive: true })
  }
}
