import { describe, expect, test } from 'vitest'

import { digestOf } from '#domain/digest.ts'
import { imageIndexType } from '#domain/manifest.ts'
import { outcome } from '#test/support/client.ts'
import { makeImage, makeIndex, pushBlob, pushImage, pushManifest } from '#test/support/image.ts'
import { startServer } from '#test/support/server.ts'

async function startWithImage() {
  const server = await startServer()
  await server.user('acme')
  const { url, image } = await server.repository('acme/nginx')
  const push = await server.registry('acme', 'repository:acme/nginx:pull,push,delete')
  return { server, owner: server.as('acme'), push, url, image }
}

describe('getRepoManifest', () => {
  test('shows the manifest byte for byte, and its layers with their history', async () => {
    const { owner, url, image } = await startWithImage()
    const { json } = await owner('GET', `${url}/manifest/${image.digest}`)
    expect(json).toEqual({
      digest: image.digest,
      is_manifest_list: false,
      manifest_data: image.manifest.toString(),
      config_media_type: 'application/vnd.oci.image.config.v1+json',
      layers_compressed_size: image.layer.length,
      layers: [
        {
          index: 0,
          compressed_size: image.layer.length,
          is_remote: false,
          urls: null,
          command: [expect.stringMatching(/^RUN make/)],
          comment: 'made',
          author: null,
          blob_digest: digestOf(image.layer),
          created_datetime: 'Wed, 01 Jan 2020 00:00:00 -0000',
        },
      ],
    })
  })

  test('shows an index without layers', async () => {
    const { owner, push, url, image } = await startWithImage()
    const index = makeIndex([image])
    const digest = await pushManifest(push, 'acme/nginx', 'multi', index, imageIndexType)
    expect((await owner('GET', `${url}/manifest/${digest}`)).json).toEqual({
      digest,
      is_manifest_list: true,
      manifest_data: index.toString(),
      config_media_type: null,
      layers_compressed_size: 0,
      layers: null,
    })
  })

  test('shows an artifact whose config is no JSON without history', async () => {
    const { owner, push, url } = await startWithImage()
    const config = Buffer.from('no JSON at all')
    const image = makeImage('artifact', {
      config: {
        mediaType: 'application/vnd.example+text',
        digest: digestOf(config),
        size: config.length,
      },
    })
    await pushBlob(push, 'acme/nginx', config)
    await pushImage(push, 'acme/nginx', ['artifact'], image)
    const { json } = await owner('GET', `${url}/manifest/${image.digest}`)
    expect(json.config_media_type).toBe('application/vnd.example+text')
    expect(json.layers).toMatchObject([{ command: null, comment: null, created_datetime: null }])
  })

  test('takes the digest with its colon escaped, as clients of the document send it', async () => {
    const { owner, url, image } = await startWithImage()
    const escaped = encodeURIComponent(image.digest)
    expect((await owner('GET', `${url}/manifest/${escaped}`)).status).toBe(200)
  })

  test('is served for public repositories to everybody', async () => {
    const { server, owner, url, image } = await startWithImage()
    await owner('POST', `${url}/changevisibility`, { body: { visibility: 'public' } })
    expect((await server.call('GET', `${url}/manifest/${image.digest}`)).status).toBe(200)
  })

  test('is refused to nobody and to strangers', async () => {
    const { server, url, image } = await startWithImage()
    await server.user('stranger')
    const path = `${url}/manifest/${image.digest}`
    expect(await outcome(server.call('GET', path))).toEqual([401, 'invalid_token'])
    expect(await outcome(server.as('stranger')('GET', path))).toEqual([403, 'insufficient_scope'])
  })

  test('finds neither unknown nor deleted manifests, nor those of other repositories', async () => {
    const { server, owner, push, url, image } = await startWithImage()
    const other = await server.repository('acme/other')
    for (const digest of [`sha256:${'0'.repeat(64)}`, other.image.digest])
      expect(await outcome(owner('GET', `${url}/manifest/${digest}`))).toEqual([404, 'not_found'])
    await push('DELETE', `/v2/acme/nginx/manifests/${image.digest}`)
    expect(await outcome(owner('GET', `${url}/manifest/${image.digest}`))).toEqual([
      404,
      'not_found',
    ])
  })

  test('refuses what is no digest', async () => {
    const { owner, url } = await startWithImage()
    for (const text of ['latest', 'sha256:abc', `SHA256:${'0'.repeat(64)}`])
      expect(await outcome(owner('GET', `${url}/manifest/${text}`))).toEqual([
        400,
        'invalid_request',
      ])
  })
})
