// The welcome and docs pages in a real Chromium, against a fresh registry. Screenshots go to the folder named first.
import { check } from './check.ts'
import { must, root } from './command.ts'
import { initializeUser, withServer } from './npm-server.ts'

const [screenshots = '/tmp/portolan-screenshots'] = process.argv.slice(2)
const [user, password] = ['admin', 'password']

await withServer({ port: 18_102 }, async (server) => {
  const token = await initializeUser(server, user, password)
  await check('the pages work in Chromium', async () => {
    const account = ['--user', user, '--password', password, '--oauth-token', token]
    const script = `${root}/tools/ci/docs-in-chromium.ts`
    const words = [script, server.url, ...account, '--screenshots', screenshots]
    await must([process.execPath, ...words])
  })
  console.log(`    screenshots: ${screenshots}`)
})
