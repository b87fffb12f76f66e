import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { check } from '../check.ts'
import { must, mustFail, type Surroundings } from '../command.ts'
import { startDocker } from '../engines.ts'
import type { Account } from '../lines/document.ts'
import { makeFolder } from '../npm-server.ts'

/** Debian's, which fits its engine; others are found by name. */
const program = existsSync('/usr/bin/docker') ? '/usr/bin/docker' : 'docker'
const refused = /unauthorized|denied|authentication required/i

/** A docker engine, and images in and out of it. It can run no containers here. */
export async function tryDocker({ host, username, password }: Account): Promise<void> {
  const folder = await makeFolder('docker')
  const engine = await startDocker(folder)
  const surroundings: Surroundings = {
    environment: {
      ...engine.environment,
      DOCKER_CONFIG: join(folder, 'config'),
      DOCKER_BUILDKIT: '0',
    },
  }
  const docker = (...words: string[]) => must([program, ...words], surroundings)
  const login = ['login', '--username', username, '--password-stdin', host]
  const image = `${host}/${username}/built:1`
  const imageId = async () => (await docker('image', 'inspect', '-f', '{{.Id}}', image)).trim()
  try {
    await check('docker: login', async () => {
      const said = await must([program, ...login], { ...surroundings, input: password })
      assert.match(said, /Login Succeeded/)
    })
    await check('docker: build, push, pull give the same image', async () => {
      const context = await writeContext(folder)
      await docker('build', '--tag', image, context)
      const built = await imageId()
      const pushed = /digest: (\S+) size/.exec(await docker('push', image))?.[1]
      await docker('image', 'rm', '--force', built)
      const pulled = /Digest: (\S+)/.exec(await docker('pull', image))?.[1]
      assert.deepEqual([await imageId(), pulled], [built, pushed])
    })
    await check('docker: what is there is not pushed twice', async () => {
      const again = `${host}/${username}/built:2`
      await docker('tag', image, again)
      const said = await docker('push', again)
      assert.match(said, /Layer already exists/)
      assert.doesNotMatch(said, /: Pushed/)
    })
    await check('docker: after logout pushing and pulling are refused', async () => {
      await docker('logout', host)
      await mustFail([program, 'push', image], refused, surroundings)
      await docker('image', 'rm', '--force', await imageId())
      await mustFail([program, 'pull', image], refused, surroundings)
    })
    await check('docker: a wrong password is refused', () =>
      mustFail([program, ...login], refused, { ...surroundings, input: 'wrong' }),
    )
  } finally {
    await engine.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

/** Two layers of their own, so that nothing is known to the registry beforehand. */
async function writeContext(folder: string): Promise<string> {
  const context = join(folder, 'context')
  await mkdir(context)
  await writeFile(join(context, 'one'), randomBytes(2_000_000))
  await writeFile(join(context, 'two'), randomBytes(100))
  await writeFile(join(context, 'Dockerfile'), 'FROM scratch\nCOPY one /one\nCOPY two /two\n')
  return context
}
