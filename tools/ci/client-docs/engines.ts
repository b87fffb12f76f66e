import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { startContainerd, startDocker, type Engine } from '../engines.ts'

/** Starts what the clients of the document need: two daemons, and a store for those that have none. */
export async function startEngines(folder: string): Promise<Engine> {
  const place = (name: string) => join(folder, name)
  const environment = {
    CONTAINERS_STORAGE_CONF: place('storage.conf'),
    BUILDAH_ISOLATION: 'chroot',
    XDG_RUNTIME_DIR: place('runtime'),
  }
  await mkdir(environment.XDG_RUNTIME_DIR, { recursive: true, mode: 0o700 })
  await writeFile(
    environment.CONTAINERS_STORAGE_CONF,
    `[storage]\ndriver = "vfs"\ngraphroot = "${place('containers')}"\nrunroot = "${place('containers-run')}"\n`,
  )
  const started = await Promise.allSettled([startDocker(folder), startContainerd(folder)])
  const engines = started.flatMap((outcome) =>
    outcome.status === 'fulfilled' ? [outcome.value] : [],
  )
  const stop = async () => {
    await Promise.all(engines.map((engine) => engine.stop()))
  }
  const failed = started.find((outcome) => outcome.status === 'rejected')
  if (failed) {
    await stop()
    throw failed.reason
  }
  const environments = engines.map((engine) => engine.environment)
  return { environment: Object.assign({}, environment, ...environments), stop }
}
