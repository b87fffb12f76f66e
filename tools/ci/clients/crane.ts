import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'

import { check } from '../check.ts'
import { must, mustFail, type Surroundings } from '../command.ts'
import type { Account } from '../lines/document.ts'
import { makeFolder } from '../npm-server.ts'
import { readLayout, writeLayout } from '../oci-layout.ts'

const refused = /UNAUTHORIZED|DENIED|401/

/** An index by crane, there and back; lists, tags and deletes. `publish` makes a repository public. */
export async function tryCrane(
  { host, username, password }: Account,
  publish: (repository: string) => Promise<void>,
): Promise<void> {
  const folder = await makeFolder('crane')
  const surroundings: Surroundings = { environment: { DOCKER_CONFIG: folder } }
  const nobody: Surroundings = { environment: { DOCKER_CONFIG: join(folder, 'nobody') } }
  const crane = (...words: string[]) => must(['crane', '--insecure', ...words], surroundings)
  const lines = async (...words: string[]) => (await crane(...words)).trim().split('\n')
  const login = ['auth', 'login', host, '--username', username, '--password']
  const repository = `${host}/${username}/craned`
  try {
    await check('crane: login', () => crane(...login, password))
    const layout = await writeLayout(join(folder, 'there'), 'multi')
    await check('crane: an index goes there and back byte for byte', async () => {
      await crane('push', layout.folder, `${repository}:multi`)
      assert.deepEqual(await lines('digest', `${repository}:multi`), [layout.digest])
      const back = join(folder, 'back')
      await crane('pull', '--format=oci', `${repository}:multi`, back)
      assert.deepEqual(await readLayout(back), layout.digests)
    })
    await check('crane: tag, ls, catalog', async () => {
      await crane('tag', `${repository}:multi`, 'again')
      assert.deepEqual(await lines('ls', repository), ['again', 'multi'])
      assert.ok((await lines('catalog', host)).includes(`${username}/craned`))
    })
    await check('crane: copy into another repository, and everything is valid there', async () => {
      await crane('copy', `${repository}:multi`, `${repository}-again:multi`)
      await crane('validate', '--remote', `${repository}-again:multi`)
    })
    await check(
      'crane: somebody who is not signed in pulls what is public, and no more',
      async () => {
        const digest = ['crane', '--insecure', 'digest', `${repository}:multi`]
        await mustFail(digest, refused, nobody)
        await publish(`${username}/craned`)
        assert.equal((await must(digest, nobody)).trim(), layout.digest)
        await mustFail(['crane', '--insecure', 'tag', `${repository}:multi`, 'x'], refused, nobody)
      },
    )
    await check('crane: delete by digest takes the tags along', async () => {
      await crane('delete', `${repository}@${layout.digest}`)
      const manifest = ['crane', '--insecure', 'manifest', `${repository}:again`]
      await mustFail(manifest, /MANIFEST_UNKNOWN/, surroundings)
    })
    await check('crane: after logout a private repository is out of reach', async () => {
      await crane('auth', 'logout', host)
      await mustFail(['crane', '--insecure', 'ls', `${repository}-again`], refused, surroundings)
    })
    await check('crane: a wrong password is refused when it is used', async () => {
      await crane(...login, 'wrong')
      await mustFail(['crane', '--insecure', 'ls', repository], refused, surroundings)
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
