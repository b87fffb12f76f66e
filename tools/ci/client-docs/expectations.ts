import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

import type { Expectations, Ran } from '../lines/run.ts'
import { readLayout } from '../oci-layout.ts'
import type { RegistryView } from './registry.ts'

/** What the expectations are given beside what a block of lines has left behind. */
export interface Around {
  registry: RegistryView
}

type Result = Ran & Around
type Expectation = Expectations<Around>[string][number]

/** How cosign writes signatures and attestations. */
const bundleType = 'application/vnd.dev.sigstore.bundle.v0.3+json'

/** What has to hold after the steps of `docs/clients.md`. */
export const expectations: Expectations<Around> = {
  'docker login': [noIdentityToken],
  'docker push': [says('hello:1.0'), whole('hello:1.0')],
  'docker pull': [says('hello:1.0')],
  'docker copy': [same('hello-copy:1.0', 'hello:1.0'), says('hello:1.0')],
  'docker platforms': [whole('hello:multi'), says('hello:multi'), platforms('hello:multi')],
  'containerd pull': [says('hello:1.0')],
  'containerd copy': [same('hello-by-ctr:1.0', 'hello:1.0')],
  'containerd platforms': [same('hello-by-ctr:multi', 'hello:multi')],
  'podman push': [whole('hello-by-podman:1.0'), pushedAs('hello-by-podman:1.0')],
  'podman pull': [says('hello-by-podman:1.0')],
  'podman list': [lists('hello-by-podman'), names('hello-by-podman')],
  'podman copy': [whole('hello-by-podman-copy:1.0')],
  'podman platforms': [whole('hello-by-podman:multi'), platforms('hello-by-podman:multi')],
  'buildah push': [whole('hello-by-buildah:1.0'), pushedAs('hello-by-buildah:1.0')],
  'buildah pull': [says('hello-by-buildah:1.0')],
  'buildah copy': [whole('hello-by-buildah-copy:1.0')],
  'buildah platforms': [whole('hello-by-buildah:multi'), platforms('hello-by-buildah:multi')],
  'skopeo push': [same('hello-by-skopeo:1.0', 'hello:1.0'), says('hello:1.0')],
  'skopeo list': [lists('hello')],
  'skopeo copy': [same('hello-by-skopeo:multi', 'hello:multi')],
  'skopeo sync': [same('mirror/hello:multi', 'hello:multi'), same('mirror/hello:1.0', 'hello:1.0')],
  'skopeo delete': [gone('hello-by-skopeo:1.0')],
  'crane push': [whole('hello-by-crane:1.0'), says('hello-by-crane:1.0')],
  'crane pull': [says('hello-by-crane:1.0'), ({ folder }) => readLayout(join(folder, 'pulled'))],
  'crane platforms': [whole('hello-by-crane:multi'), platforms('hello-by-crane:multi')],
  'crane copy': [
    same('hello-by-crane-copy:multi', 'hello-by-crane:multi'),
    same('hello-by-crane-all:arm64', 'hello-by-crane:arm64'),
    same('hello-by-crane:stable', 'hello-by-crane:multi'),
  ],
  'crane list': [lists('hello-by-crane'), names('hello-by-crane')],
  'crane delete': [
    gone('hello-by-crane:amd64'),
    gone('hello-by-crane:multi'),
    gone('hello-by-crane:stable'),
    whole('hello-by-crane:arm64'),
  ],
  'regctl pull': [({ folder }) => readLayout(join(folder, 'hello'))],
  'regctl push': [same('hello-by-regctl:multi', 'hello:multi'), says('hello:multi')],
  'regctl copy': [same('hello-by-regctl:2.0', 'hello:1.0')],
  'regctl platforms': [whole('hello-by-regctl:index'), says('hello-by-regctl:index')],
  'regctl list': [lists('hello-by-regctl'), names('hello-by-regctl')],
  'regctl referrers': [
    prints('looks good'),
    referredBy('hello-by-regctl:multi', ['application/vnd.example.note']),
  ],
  'regctl delete': [
    gone('hello-by-regctl:2.0'),
    gone('hello-by-regctl:index'),
    whole('hello-by-regctl:1.0'),
  ],
  'oras push': [whole('hello-by-oras:1.0'), says('hello-by-oras:1.0')],
  'oras pull': [says('hello-by-oras:1.0'), holds('pulled/hello.txt', 'hello from oras\n')],
  'oras referrers': [referredBy('hello-by-oras:1.0', ['application/spdx+json'])],
  'oras copy': [
    same('hello-by-oras-copy:1.0', 'hello-by-oras:1.0'),
    referredBy('hello-by-oras-copy:1.0', ['application/spdx+json']),
    same('hello-by-oras:stable', 'hello-by-oras:1.0'),
  ],
  'oras platforms': [whole('hello-by-oras:multi'), platforms('hello-by-oras:multi')],
  'oras list': [lists('hello-by-oras'), prints('hello-by-oras')],
  'oras delete': [gone('hello-by-oras:multi'), whole('hello-by-oras:1.0')],
  'helm push': [whole('charts/hello:0.1.0'), says('charts/hello:0.1.0')],
  'helm pull': [says('charts/hello:0.1.0'), sameFiles('hello-0.1.0.tgz', 'pulled/hello-0.1.0.tgz')],
  'helm newest': [prints('version: 0.1.0')],
  'helm copy': [whole('charts-copy/hello:0.1.0'), says('charts-copy/hello:0.1.0')],
  'cosign sign': [referredBy('hello:1.0', [bundleType]), noFallbackTags('hello')],
  'cosign verify': [says('hello:1.0')],
  'cosign attest': [referredBy('hello:1.0', [bundleType, bundleType])],
  'cosign list': [prints('via OCI referrer')],
  'cosign copy': [
    referredBy('hello-signed:1.0', [bundleType, bundleType]),
    says('hello:1.0'),
    noFallbackTags('hello-signed'),
  ],
}

function nameOf(image: string): [repository: string, reference: string] {
  const [repository = '', reference = ''] = image.split(':')
  return [repository, reference]
}

/** The digest that the registry has is in the output. */
function says(image: string): Expectation {
  return async ({ registry, output }) => {
    const digest = await registry.digest(...nameOf(image))
    assert.ok(digest && output.includes(digest), `the output lacks ${digest}:\n${output}`)
  }
}

function prints(text: string): Expectation {
  return async ({ output }) => assert.ok(output.includes(text), `no '${text}' in:\n${output}`)
}

/** The repository is in a list of all. */
function names(repository: string): Expectation {
  return (result) => prints(`${result.registry.account.username}/${repository}`)(result)
}

/** Everything that the image names is there, byte for byte. */
function whole(image: string): Expectation {
  return ({ registry }) => registry.demandWhole(...nameOf(image))
}

function same(image: string, other: string): Expectation {
  return async ({ registry }) => {
    const [digest, expected] = [image, other].map((each) => registry.digest(...nameOf(each)))
    assert.equal(await digest, await expected)
    await registry.demandWhole(...nameOf(image))
  }
}

function gone(image: string): Expectation {
  return async ({ registry }) => assert.equal(await registry.digest(...nameOf(image)), undefined)
}

function lists(repository: string): Expectation {
  return async ({ registry, output }) => {
    const tags = await registry.tags(repository)
    assert.ok(tags.length > 0)
    for (const tag of tags) assert.ok(output.includes(tag), `no ${tag} in:\n${output}`)
  }
}

function platforms(image: string): Expectation {
  return async ({ registry }) => {
    const { manifests = [] } = await registry.manifest(...nameOf(image))
    const found = manifests.map(({ platform }) => `${platform?.os}/${platform?.architecture}`)
    assert.deepEqual(found.toSorted(), ['linux/amd64', 'linux/arm64'])
  }
}

/** The file `pushed` holds the digest that the registry has. */
function pushedAs(image: string): Expectation {
  return async ({ registry, folder }) => {
    const pushed = await readFile(join(folder, 'pushed'), 'utf8')
    assert.equal(pushed.trim(), await registry.digest(...nameOf(image)))
  }
}

function referredBy(image: string, artifactTypes: string[]): Expectation {
  return async ({ registry }) => {
    const [repository, reference] = nameOf(image)
    const digest = await registry.digest(repository, reference)
    const referrers = await registry.referrers(repository, digest ?? '')
    assert.deepEqual(
      referrers.map(({ artifactType }) => artifactType),
      artifactTypes,
    )
    for (const referrer of referrers) await registry.demandWhole(repository, referrer.digest)
  }
}

/** What points at an image is found through the referrers API, not by a tag that is named after its digest. */
function noFallbackTags(repository: string): Expectation {
  return async ({ registry }) => {
    const tags = await registry.tags(repository)
    assert.deepEqual(
      tags.filter((tag) => tag.startsWith('sha256-')),
      [],
    )
  }
}

function holds(file: string, text: string): Expectation {
  return async ({ folder }) => assert.equal(await readFile(join(folder, file), 'utf8'), text)
}

function sameFiles(file: string, other: string): Expectation {
  return async ({ folder }) => {
    const [bytes, expected] = [file, other].map((each) => readFile(join(folder, each)))
    assert.deepEqual(await bytes, await expected)
  }
}

/** podman refuses to log in where docker has left one. */
async function noIdentityToken({ folder }: Result): Promise<void> {
  const config = await readFile(join(folder, '..', 'home', '.docker', 'config.json'), 'utf8')
  assert.ok(!config.includes('identitytoken'), config)
}
