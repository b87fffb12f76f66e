import pg from 'pg'
import { expect, test, vi } from 'vitest'

import { digestOf } from '#domain/digest.ts'
import { findPostgres } from '#postgres/start.ts'
import { pushImage } from '#test/support/image.ts'
import { outcome } from '#test/support/client.ts'
import {
  asUser,
  makeFirstUser,
  postgresOf,
  prepareUsedDirectory,
  startRegistry,
} from './process.ts'

const usedDirectory = prepareUsedDirectory()
const scope = 'repository:ada/kept:pull,push'

test.for(['the registry', 'the registry and its PostgreSQL'] as const)(
  'what was acknowledged outlives the SIGKILL of %s',
  async (victim) => {
    const dataDirectory = await usedDirectory.make()
    const settings = { DATA_DIR: dataDirectory, TMPDIR: dataDirectory }
    const killed = await startRegistry(settings)
    await makeFirstUser(killed, 'ada')
    const image = await pushImage(await asUser(killed, 'ada', scope), 'ada/kept', ['edge'])
    const postgres = await postgresOf(dataDirectory)
    if (victim !== 'the registry') process.kill(postgres, 'SIGKILL')
    expect(await killed.end('SIGKILL')).toBe('SIGKILL')

    const next = await startRegistry({ ...settings, PORT: String(killed.port) })
    const pull = await asUser(next, 'ada', scope)
    const { status, bytes } = await pull('GET', '/v2/ada/kept/manifests/edge')
    expect([status, Buffer.from(bytes)]).toEqual([200, image.manifest])
    for (const blob of [image.config, image.layer]) {
      const answer = await pull('GET', `/v2/ada/kept/blobs/${digestOf(blob)}`)
      expect(Buffer.from(answer.bytes)).toEqual(blob)
    }
    expect(await postgresOf(dataDirectory)).not.toBe(postgres)
    expect(await next.end('SIGTERM')).toBe(0)
  },
)

test('a PostgreSQL that is killed costs some 503 answers, and then everything works again', async () => {
  const dataDirectory = await usedDirectory.make()
  const registry = await startRegistry({ DATA_DIR: dataDirectory, TMPDIR: dataDirectory })
  const ada = await makeFirstUser(registry, 'ada')
  const pull = await asUser(registry, 'ada', scope, 'registry:catalog:*')
  process.kill(await postgresOf(dataDirectory), 'SIGKILL')

  const refusal = await vi.waitUntil(
    async () => {
      const answer = await pull('GET', '/v2/_catalog')
      return answer.status === 200 ? undefined : answer
    },
    { timeout: 10_000, interval: 0 },
  )
  expect(await outcome(refusal)).toEqual([503, 'UNAVAILABLE'])
  expect(refusal.headers.get('retry-after')).toMatch(/^\d+$/)
  expect(refusal.json.errors[0].message).toMatch('database')

  await vi.waitFor(async () => {
    expect((await registry.call('GET', '/health/endtoend')).status).toBe(200)
    expect((await pull('GET', '/v2/_catalog')).status).toBe(200)
  }, 15_000)
  await pushImage(await asUser(registry, 'ada', scope), 'ada/kept', ['edge'])
  // Background work goes on too: it is a job that takes away what is left of a repository.
  expect((await ada('DELETE', '/api/v1/repository/ada/kept')).status).toBe(204)
  await vi.waitFor(async () => expect(await countRows(dataDirectory, 'repository')).toBe(0), 20_000)
})

async function countRows(dataDirectory: string, table: string): Promise<number> {
  const { connectionString } = (await findPostgres(dataDirectory))!
  const client = new pg.Client({ connectionString })
  await client.connect()
  try {
    return (await client.query<{ count: number }>(`SELECT count(*)::int FROM ${table}`)).rows[0]!
      .count
  } finally {
    await client.end()
  }
}
