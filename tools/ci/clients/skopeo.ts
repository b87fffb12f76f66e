import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'

import { check } from '../check.ts'
import { must, mustFail, type Surroundings } from '../command.ts'
import type { Account } from '../lines/document.ts'
import { makeFolder } from '../npm-server.ts'
import { readLayout, writeLayout } from '../oci-layout.ts'

const refused = /unauthorized|denied|authentication required|invalid username\/password/i

/** An image for two platforms by skopeo, there and back. */
export async function trySkopeo({ host, username, password }: Account): Promise<void> {
  const folder = await makeFolder('skopeo')
  const surroundings: Surroundings = {
    environment: { REGISTRY_AUTH_FILE: join(folder, 'auth.json') },
  }
  const skopeo = (...words: string[]) => must(['skopeo', ...words], surroundings)
  const repository = `docker://${host}/${username}/copied`
  const plain = (...sides: ('src' | 'dest')[]) => sides.map((side) => `--${side}-tls-verify=false`)
  const login = ['login', '--tls-verify=false', '--username', username, '--password-stdin', host]
  try {
    await check('skopeo: login', () =>
      must(['skopeo', ...login], { ...surroundings, input: password }),
    )
    const layout = await writeLayout(join(folder, 'there'), 'multi')
    await check('skopeo: an index goes there and back byte for byte', async () => {
      const there = ['--all', '--preserve-digests', ...plain('dest')]
      await skopeo('copy', ...there, `oci:${layout.folder}:multi`, `${repository}:multi`)
      const back = join(folder, 'back')
      await skopeo('copy', '--all', ...plain('src'), `${repository}:multi`, `oci:${back}:multi`)
      assert.deepEqual(await readLayout(back), layout.digests)
    })
    await check('skopeo: inspect and list-tags', async () => {
      const found = await skopeo('inspect', '--tls-verify=false', `${repository}:multi`)
      assert.equal((JSON.parse(found) as { Digest: string }).Digest, layout.digest)
      const listed = await skopeo('list-tags', '--tls-verify=false', repository)
      assert.deepEqual((JSON.parse(listed) as { Tags: string[] }).Tags, ['multi'])
    })
    await check('skopeo: copy into another repository', async () => {
      const other = `docker://${host}/${username}/copied-again`
      const both = ['--all', ...plain('src', 'dest')]
      await skopeo('copy', ...both, `${repository}:multi`, `${other}:multi`)
      const found = await skopeo('inspect', '--tls-verify=false', `${other}:multi`)
      assert.equal((JSON.parse(found) as { Digest: string }).Digest, layout.digest)
    })
    await check('skopeo: delete', async () => {
      await skopeo('delete', '--tls-verify=false', `${repository}:multi`)
      const inspect = ['skopeo', 'inspect', '--tls-verify=false', `${repository}:multi`]
      await mustFail(inspect, /manifest unknown|MANIFEST_UNKNOWN|no manifest/i, surroundings)
    })
    await check('skopeo: after logout a private repository is out of reach', async () => {
      await skopeo('logout', host)
      const list = ['skopeo', 'list-tags', '--tls-verify=false', repository]
      await mustFail(list, refused, surroundings)
    })
    await check('skopeo: a wrong password is refused', () =>
      mustFail(['skopeo', ...login], refused, { ...surroundings, input: 'wrong' }),
    )
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
