import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'

import type { Account } from '../lines/document.ts'

interface Descriptor {
  digest: string
  size: number
  artifactType?: string
  platform?: { os: string; architecture: string }
}

interface Manifest {
  manifests?: Descriptor[]
  config?: Descriptor
  layers?: Descriptor[]
}

/** The registry as plain HTTP shows it, to compare with what clients say. Names are without their namespace. */
export interface RegistryView {
  account: Account
  fetch(repository: string, path: string, init?: RequestInit): Promise<Response>
  /** Digest of a tag; undefined when it is not there. */
  digest(repository: string, reference: string): Promise<string | undefined>
  /** A manifest whose bytes have the digest that the registry says. */
  manifest(repository: string, reference: string): Promise<Manifest & { bytes: Buffer }>
  /** Fetches a manifest and everything that it names, and compares every digest. */
  demandWhole(repository: string, reference: string): Promise<void>
  tags(repository: string): Promise<string[]>
  referrers(repository: string, digest: string): Promise<Descriptor[]>
}

/** Looks at a registry as one of its users. */
export function viewRegistry(account: Account): RegistryView {
  const { host, username, password } = account
  const token = async (repository: string): Promise<string> => {
    const query = new URLSearchParams({ scope: `repository:${username}/${repository}:pull` })
    const basic = Buffer.from(`${username}:${password}`).toString('base64')
    const answer = await fetch(`http://${host}/v2/auth?${query}`, {
      headers: { authorization: `Basic ${basic}` },
    })
    assert.equal(answer.status, 200)
    return ((await answer.json()) as { token: string }).token
  }
  const view: RegistryView = {
    account,
    async fetch(repository, path, init = {}) {
      const headers = new Headers(init.headers)
      headers.set('authorization', `Bearer ${await token(repository)}`)
      return fetch(`http://${host}/v2/${username}/${repository}/${path}`, { ...init, headers })
    },
    async digest(repository, reference) {
      const answer = await view.fetch(repository, `manifests/${reference}`, { method: 'HEAD' })
      return answer.headers.get('docker-content-digest') ?? undefined
    },
    async manifest(repository, reference) {
      const answer = await view.fetch(repository, `manifests/${reference}`)
      const bytes = Buffer.from(await answer.arrayBuffer())
      assert.equal(answer.status, 200, `${repository} ${reference}: ${bytes.toString()}`)
      assert.equal(answer.headers.get('docker-content-digest'), sha256(bytes))
      return { ...(JSON.parse(bytes.toString()) as Manifest), bytes }
    },
    async demandWhole(repository, reference) {
      const { manifests = [], config, layers = [] } = await view.manifest(repository, reference)
      for (const { digest } of manifests) await view.demandWhole(repository, digest)
      for (const { digest, size } of [...(config ? [config] : []), ...layers]) {
        const answer = await view.fetch(repository, `blobs/${digest}`)
        const bytes = Buffer.from(await answer.arrayBuffer())
        assert.deepEqual([answer.status, sha256(bytes), bytes.length], [200, digest, size])
      }
    },
    async tags(repository) {
      const answer = await view.fetch(repository, 'tags/list')
      return ((await answer.json()) as { tags: string[] }).tags
    },
    async referrers(repository, digest) {
      const answer = await view.fetch(repository, `referrers/${digest}`)
      assert.equal(answer.status, 200)
      return ((await answer.json()) as { manifests: Descriptor[] }).manifests
    },
  }
  return view
}

/** Digest of bytes. */
export function sha256(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}
