// Runs the lines of docs/clients.md, each client in a home of its own, and looks at what they leave behind.
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

import { check, inSeconds, measured } from './check.ts'
import { startEngines } from './client-docs/engines.ts'
import { expectations } from './client-docs/expectations.ts'
import { tryIndexBytes } from './client-docs/index-bytes.ts'
import { installClients } from './client-docs/install.ts'
import { tryLargeLayer } from './client-docs/large-layer.ts'
import { viewRegistry } from './client-docs/registry.ts'
import { readSections, type Section } from './lines/document.ts'
import { demandSteps, runSection } from './lines/run.ts'
import { makeShell, type Shell } from './lines/shell.ts'
import { demandQuietLog, initializeUser, makeFolder, withServer } from './npm-server.ts'

/*
 *   node tools/ci/client-docs.ts [--install | --only podman,index,large]
 *
 * --install only installs the clients, which takes long when cosign and helm are built for the first time.
 * --only runs these sections, after that of docker, whose images the others use, and of the checks beside the
 * document `index` and `large`.
 */
const { values } = parseArgs({
  options: { only: { type: 'string' }, install: { type: 'boolean', default: false } },
})
const only = values.only?.split(',')
const isWanted = (name: string) => only === undefined || name === 'docker' || only.includes(name)

const startedAt = performance.now()
await check('clients are installed', installClients)
measured('install of the clients', inSeconds(performance.now() - startedAt))

if (values.install) process.exit()

const folder = await makeFolder('clients')
try {
  await withServer({ port: 18_177 }, async (server) => {
    const account = { host: server.host, username: 'grace', password: 'a-password-for-tests-only' }
    await initializeUser(server, account.username, account.password)
    const registry = viewRegistry(account)
    const engines = await startEngines(join(folder, 'engines'))
    const shellFor = (name: string) => makeShell(join(folder, name), engines.environment)
    try {
      const sections = await readSections('clients.md', account)
      await check('clients of the document are all there', () => demandClients(sections))
      for (const section of sections)
        if (isWanted(section.title)) {
          const shell = await shellFor(section.title)
          await runSection(section, { kind: 'clients', shell, around: { registry }, expectations })
        }
      if (isWanted('cosign'))
        await check('clients cosign refuses an image without a signature', async () =>
          demandRefusal(
            await shellFor('cosign'),
            `${account.host}/${account.username}/hello-copy:1.0`,
          ),
        )
      if (isWanted('index')) await tryIndexBytes(registry, shellFor)
      if (isWanted('large')) await tryLargeLayer(registry, await shellFor('large'))
    } finally {
      await engines.stop()
    }
    await check('the registry logged no errors meanwhile', () => demandQuietLog(server))
  })
} finally {
  await rm(folder, { recursive: true, force: true })
}

/** A heading without blocks is no client. */
function demandClients(sections: readonly Section[]): void {
  demandSteps(sections, expectations)
  const empty = sections.filter(({ steps }) => steps.length === 0).map(({ title }) => title)
  if (empty.length > 0) throw new Error(`docs/clients.md shows no lines for ${empty.join(', ')}`)
}

async function demandRefusal(shell: Shell, image: string): Promise<void> {
  const verify = 'cosign verify --allow-http-registry --key cosign.pub --insecure-ignore-tlog'
  const output = await shell(`! ${verify} ${image}`)
  if (!/no signatures found/i.test(output)) throw new Error(output)
}
