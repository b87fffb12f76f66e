import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { run } from './command.ts'

/** A daemon that runs, and the environment in which its clients find it. */
export interface Engine {
  environment: Record<string, string>
  stop(): Promise<void>
}

/** Starts docker's engine with everything that it keeps in a folder. It moves images; it can run no container here. */
export async function startDocker(folder: string): Promise<Engine> {
  const place = (name: string) => join(folder, name)
  const environment = { DOCKER_HOST: `unix://${place('docker.sock')}` }
  return startDaemon(folder, {
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
  })
}

/** Starts containerd, likewise. */
export async function startContainerd(folder: string): Promise<Engine> {
  const place = (name: string) => join(folder, name)
  const environment = {
    CONTAINERD_ADDRESS: place('containerd.sock'),
    CONTAINERD_SNAPSHOTTER: 'native',
  }
  return startDaemon(folder, {
    program: 'containerd',
    options: {
      root: place('containerd'),
      state: place('containerd-run'),
      address: environment.CONTAINERD_ADDRESS,
    },
    isReady: ['ctr', 'version'],
    environment,
  })
}

interface Daemon {
  program: string
  options: Record<string, string>
  /** A command that succeeds as soon as the daemon answers. */
  isReady: string[]
  environment: Record<string, string>
}

async function startDaemon(
  folder: string,
  { program, options, isReady, environment }: Daemon,
): Promise<Engine> {
  await mkdir(folder, { recursive: true })
  const log = join(folder, `${program}.log`)
  const words = Object.entries(options).map(([name, value]) => `--${name}=${value}`)
  const daemon = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'] })
  const lines = createWriteStream(log)
  for (const stream of [daemon.stdout, daemon.stderr]) stream.pipe(lines, { end: false })
  const ended = once(daemon, 'exit')
  const stop = async () => {
    daemon.kill('SIGTERM')
    await ended
    lines.end()
  }
  for (let attempt = 0; attempt < 300 && daemon.exitCode === null; attempt++) {
    if ((await run(isReady, { environment })).code === 0) return { environment, stop }
    await sleep(100)
  }
  await stop()
  throw new Error(`${program} did not start:\n${await readFile(log, 'utf8')}`)
}
