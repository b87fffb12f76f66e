import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { run } from '../command.ts'

/** The daemons of docker and containerd, and the environment in which all clients find them and their stores. */
export interface Engines {
  environment: Record<string, string>
  stop(): Promise<void>
}

/** Starts both daemons with everything that they keep in a folder. They move images; they can run no container here. */
export async function startEngines(folder: string): Promise<Engines> {
  await mkdir(folder, { recursive: true })
  const place = (name: string) => join(folder, name)
  const environment = {
    DOCKER_HOST: `unix://${place('docker.sock')}`,
    CONTAINERD_ADDRESS: place('containerd.sock'),
    CONTAINERD_SNAPSHOTTER: 'native',
    CONTAINERS_STORAGE_CONF: place('storage.conf'),
    BUILDAH_ISOLATION: 'chroot',
    XDG_RUNTIME_DIR: place('runtime'),
  }
  await mkdir(environment.XDG_RUNTIME_DIR, { mode: 0o700 })
  await writeFile(
    environment.CONTAINERS_STORAGE_CONF,
    `[storage]\ndriver = "vfs"\ngraphroot = "${place('containers')}"\nrunroot = "${place('containers-run')}"\n`,
  )
  const daemons = [
    startDaemon(folder, {
      program: 'dockerd',
      options: {
        iptables: 'false',
        ip6tables: 'false',
        bridge: 'none',
        'storage-driver': 'vfs',
        'data-root': place('docker'),
        'exec-root': place('docker-run'),
        pidfile: place('docker.pid'),
        host: environment.DOCKER_HOST,
      },
      isReady: ['docker', 'info'],
      environment,
    }),
    startDaemon(folder, {
      program: 'containerd',
      options: {
        root: place('containerd'),
        state: place('containerd-run'),
        address: environment.CONTAINERD_ADDRESS,
      },
      isReady: ['ctr', 'version'],
      environment,
    }),
  ]
  const stop = async () => {
    await Promise.all(daemons.map((daemon) => daemon.stop()))
  }
  try {
    await Promise.all(daemons.map((daemon) => daemon.ready))
  } catch (error) {
    await stop()
    throw error
  }
  return { environment, stop }
}

interface Daemon {
  program: string
  options: Record<string, string>
  /** A command that succeeds as soon as the daemon answers. */
  isReady: string[]
  environment: Record<string, string>
}

function startDaemon(folder: string, { program, options, isReady, environment }: Daemon) {
  const log = join(folder, `${program}.log`)
  const words = Object.entries(options).map(([name, value]) => `--${name}=${value}`)
  const daemon = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'] })
  const lines = createWriteStream(log)
  for (const stream of [daemon.stdout, daemon.stderr]) stream.pipe(lines, { end: false })
  const ended = once(daemon, 'exit')
  const awaitReady = async () => {
    for (let attempt = 0; attempt < 300 && daemon.exitCode === null; attempt++) {
      if ((await run(isReady, { environment })).code === 0) return
      await sleep(100)
    }
    throw new Error(`${program} did not start:\n${await readFile(log, 'utf8')}`)
  }
  return {
    ready: awaitReady(),
    async stop() {
      daemon.kill('SIGTERM')
      await ended
      lines.end()
    },
  }
}
