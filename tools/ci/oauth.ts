// The code flow of OAuth as a person walks it, in a real Chromium, against a fresh registry. Screenshots go to the folder named first.
import { check } from './check.ts'
import { must, root } from './command.ts'
import { initializeUser, withServer } from './npm-server.ts'

const [screenshots = '/tmp/portolan-screenshots'] = process.argv.slice(2)
const [user, password] = ['admin', 'password']

await withServer({ port: 18_104 }, async (server) => {
  const token = await initializeUser(server, user, password)
  await check(
    'a person signs in, consents in Chromium, and the application calls the API',
    async () => {
      const account = ['--user', user, '--password', password, '--oauth-token', token]
      const script = `${root}/tools/ci/oauth-in-chromium.ts`
      await must([process.execPath, script, server.url, ...account, '--screenshots', screenshots])
    },
  )
  console.log(`    screenshots: ${screenshots}`)
})
