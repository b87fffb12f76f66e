// Runs the lines of docs/users.md in one shell, with the real docker, and looks at who is let in after each of them.
import { rm } from 'node:fs/promises'
import { join } from 'node:path'

import { startIssuer } from '#test/support/issuer.ts'
import { check } from './check.ts'
import { startDocker } from './engines.ts'
import { readSections, type Section } from './lines/document.ts'
import { demandSteps, runSection } from './lines/run.ts'
import { makeShell, type Shell } from './lines/shell.ts'
import {
  createUser,
  demandQuietLog,
  initializeUser,
  makeFolder,
  withServer,
  type Server,
} from './npm-server.ts'
import { expectations } from './users-docs/expectations.ts'

const password = 'a-password-for-tests-only'
/** The issuer of the document, whose place a local one takes. */
const writtenIssuer = 'https://ci.example.com'

const folder = await makeFolder('users')
const issuer = await startIssuer()
try {
  const environment = { SSRF_ALLOWED_HOSTS: new URL(issuer.url).hostname }
  await withServer({ port: 18_178, environment }, async (server) => {
    const account = { host: server.host, username: 'ada', password }
    await initializeUser(server, account.username, password)
    const engine = await startDocker(join(folder, 'engine'))
    const openShell = (name: string) =>
      makeShell(join(folder, name), engine.environment, { remembers: true })
    try {
      const shell = await openShell('ada')
      const sections = await readSections('users.md', account)
      await check('users: the steps of the document are all there', () =>
        demandSteps(sections, expectations),
      )
      await shell(`printf 'FROM scratch\\nCOPY Dockerfile /\\n' > Dockerfile
        docker build --tag busybox .
        ID_TOKEN=${issuer.sign({ sub: 'repo:acme/app:ref:refs/heads/main', aud: server.host })}`)
      await makeLab(server, await openShell('charles'), sections)
      for (const section of sections) {
        const steps = section.steps.map(({ name, script }) => ({
          name,
          script: script.replaceAll(writtenIssuer, issuer.url),
        }))
        await runSection(
          { ...section, steps },
          { kind: 'users', shell, around: { shell, host: server.host }, expectations },
        )
      }
    } finally {
      await engine.stop()
    }
    await check('users: the registry logged no errors meanwhile', () => demandQuietLog(server))
  })
} finally {
  issuer.close()
  await rm(folder, { recursive: true, force: true })
}

/** The organization of somebody else, which the document takes over: made with its own lines. */
async function makeLab(server: Server, shell: Shell, sections: readonly Section[]): Promise<void> {
  await createUser(server, 'charles', password)
  const [signIn] = sections[0]?.steps ?? []
  await shell(`${signIn?.script.replaceAll('"ada"', '"charles"')}
    call --json '{"name": "lab"}' $API/organization/`)
}
