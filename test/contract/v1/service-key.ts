import { systemClock } from '#domain/clock.ts'
import { makeKey, signToken, type OwnKey } from '#test/v1/service-key-fixture.ts'
import type { Fixture, Fixtures } from '../fixture.ts'
import type { World } from '../world.ts'

/** Has a key made by the warden; gives its id. */
async function makeApproved(world: World): Promise<string> {
  const { status, json, text } = await world.call('POST', '/api/v1/superuser/keys', {
    headers: world.as(world.people.warden),
    body: { service: 'scanner', expiration: null },
  })
  if (status !== 200) throw new Error(`no key was made: ${text}`)
  return json.kid
}

const onKey =
  (body?: object): Fixture =>
  async (world) => ({
    headers: world.as(world.people.warden),
    path: { kid: await makeApproved(world) },
    body,
  })
const onNoKey =
  (body?: object): Fixture =>
  (world) => ({ headers: world.as(world.people.warden), path: { kid: world.name() }, body })

/** What the service `scanner` asks with a token of `signer`. */
function ask(world: World, key: OwnKey, signer = key) {
  const token = signToken({ url: world.servers.main, clock: systemClock }, signer)
  return {
    path: { service: 'scanner', kid: key.kid },
    headers: { authorization: `Bearer ${token}` },
    query: {},
  }
}

/** Hands a key in, which then waits. */
async function submit(world: World) {
  const key = makeKey(world.name())
  const sent = ask(world, key)
  const answer = await world.call('PUT', `/keys/services/scanner/keys/${key.kid}`, {
    headers: sent.headers,
    body: key.jwk,
  })
  if (answer.status !== 202) throw new Error(`the key does not wait: ${answer.text}`)
  return { key, sent }
}

/** Keys of other services: what superusers do with them, and the services themselves. */
export const serviceKey: Fixtures = {
  'listServiceKeys 200': (world) => ({ headers: world.as(world.people.warden) }),
  'listServiceKeys 404': () => ({ server: 'bare' }),
  'createServiceKey 200': (world) => ({
    headers: world.as(world.people.warden),
    body: { service: 'scanner', expiration: null },
  }),
  'createServiceKey 404': () => ({ server: 'bare' }),
  'getServiceKey 200': onKey(),
  'getServiceKey 404': onNoKey(),
  'updateServiceKey 200': onKey({ name: 'Scanner 1' }),
  'updateServiceKey 404': onNoKey({ name: 'Scanner 1' }),
  'deleteServiceKey 204': onKey(),
  'deleteServiceKey 404': onNoKey(),
  'approveServiceKey 201': onKey({ notes: 'known' }),
  'approveServiceKey 404': onNoKey({ notes: 'known' }),
  'getServicePublicKey 409': async (world) => {
    const { key } = await submit(world)
    return { path: { service: 'scanner', kid: key.kid } }
  },
  'putServicePublicKey 200': async (world) => {
    const { key, sent } = await submit(world)
    const path = `/api/v1/superuser/approvedkeys/${key.kid}`
    await world.call('POST', path, { headers: world.as(world.people.warden), body: {} })
    return { ...sent, body: key.jwk }
  },
  'putServicePublicKey 202': (world) => {
    const key = makeKey(world.name())
    return { ...ask(world, key), body: key.jwk }
  },
  'putServicePublicKey 403': (world) => {
    const key = makeKey(world.name())
    return { ...ask(world, key, makeKey(world.name())), body: key.jwk }
  },
  'deleteServicePublicKey 204': async (world) => (await submit(world)).sent,
  'deleteServicePublicKey 403': async (world) => {
    const { key } = await submit(world)
    return ask(world, key, makeKey(world.name()))
  },
  'deleteServicePublicKey 404': (world) => ask(world, makeKey(world.name())),
}
