import { access } from 'node:fs/promises'
import { join } from 'node:path'

import { goPrograms, must, run } from '../command.ts'

const debian = {
  dockerd: 'docker.io',
  containerd: 'containerd',
  podman: 'podman',
  buildah: 'buildah',
  skopeo: 'skopeo',
  jq: 'jq',
  curl: 'curl',
}

/** Module, package in it, version. */
const go = {
  crane: ['github.com/google/go-containerregistry', 'cmd/crane', 'v0.22.1'],
  regctl: ['github.com/regclient/regclient', 'cmd/regctl', 'v0.11.7'],
  oras: ['oras.land/oras', 'cmd/oras', 'v1.3.6'],
  helm: ['helm.sh/helm/v4', 'cmd/helm', 'v4.3.1'],
  cosign: ['github.com/sigstore/cosign/v3', 'cmd/cosign', 'v3.1.3'],
} as const

const buildMs = 3_600_000

/** Installs the clients that are not there yet: Debian's by apt, Go's from source, side by side. */
export async function installClients(): Promise<void> {
  await Promise.all([installDebian(), ...Object.entries(go).map(installGo)])
}

async function installDebian(): Promise<void> {
  const found = await Promise.all(
    Object.entries(debian).map(async ([program, name]) => ((await isThere(program)) ? [] : [name])),
  )
  const missing = found.flat()
  if (missing.length === 0) return
  await must(['apt-get', 'update', '--quiet'])
  await must(['apt-get', 'install', '--quiet', '--yes', '--no-install-recommends', ...missing], {
    // In runlevel 1 no package starts its service.
    environment: { DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
    timeoutMs: buildMs,
  })
}

/** Installed programs, for users or for the system; what lies elsewhere is not Debian's. */
async function isThere(program: string): Promise<boolean> {
  const places = ['/usr/bin', '/usr/sbin'].map((folder) => access(join(folder, program)))
  return Promise.any(places).then(
    () => true,
    () => false,
  )
}

async function installGo([program, [module, path, version]]: [
  string,
  readonly [string, string, string],
]): Promise<void> {
  const found = await run(['go', 'version', '-m', join(goPrograms, program)])
  const [, built] = /^\tmod\t\S+\t(\S+)/m.exec(found.stdout) ?? []
  if (found.code === 0 && built === version) return
  const environment = { GOFLAGS: '-trimpath', GOBIN: goPrograms }
  await must(['go', 'install', `${module}/${path}@${version}`], { environment, timeoutMs: buildMs })
}
