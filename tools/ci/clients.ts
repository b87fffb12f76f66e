// What people use with a registry: docker with a real engine, skopeo and crane.
import { check } from './check.ts'
import { tryCrane } from './clients/crane.ts'
import { tryDocker } from './clients/docker.ts'
import { trySkopeo } from './clients/skopeo.ts'
import { createUser, demandQuietLog, initializeUser, withServer } from './npm-server.ts'

const password = 'correct-horse'

await withServer({ port: 18_101 }, async (server) => {
  const accountOf = (username: string) => ({ host: server.host, username, password })
  // An account for each: after the wrong password that each tries, the right one is refused for a second.
  const token = await initializeUser(server, 'crane', password)
  for (const name of ['docker', 'skopeo']) await createUser(server, name, password)
  await check('docker can be tried', () => tryDocker(accountOf('docker')))
  await check('skopeo can be tried', () => trySkopeo(accountOf('skopeo')))
  await check('crane can be tried', () =>
    tryCrane(accountOf('crane'), (repository) => publish(server.url, repository, token)),
  )
  await check('the registry logged no errors meanwhile', () => demandQuietLog(server))
})

async function publish(url: string, repository: string, token: string) {
  const response = await fetch(`${url}/api/v1/repository/${repository}/changevisibility`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ visibility: 'public' }),
  })
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`)
}
