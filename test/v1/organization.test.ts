import { describe, expect, test } from 'vitest'

import { listAudit, mintToken } from '#test/support/account.ts'
import { outcome } from '#test/support/client.ts'
import { startServer } from '#test/support/server.ts'
import { shareServer } from '#test/support/shared.ts'
import { create, emailOf, pathOf } from './organization-fixture.ts'
import { fresh, newOrganization } from './team-fixture.ts'
import { signUp } from './user-fixture.ts'

const shared = shareServer()
const refused = [400, 'invalid_request']

const newUser = async () => {
  const name = fresh('ada')
  return { name, ...(await shared().user(name)) }
}

describe('createOrganization', () => {
  test('makes an organization that its maker administers', async () => {
    const ada = await newUser()
    const name = fresh('acme')
    const made = await create(ada.call, { name, email: emailOf(name) })
    expect([made.status, made.json]).toEqual([201, 'Created'])
    const { json } = await ada.call('GET', pathOf(name))
    expect(json).toMatchObject({ name, email: emailOf(name), is_admin: true, is_member: true })
    expect(json.ordered_teams).toEqual(['owners'])
    expect(json.teams.owners).toMatchObject({ role: 'admin', member_count: 1, can_view: true })
    expect(await listAudit(shared(), name)).toMatchObject([
      {
        kind: 'org_create',
        metadata: { email: emailOf(name), namespace: name },
        performer: ada.name,
      },
    ])
  })

  test('takes the address as contact_email too, and does without one', async () => {
    const ada = await newUser()
    const [first, second, third] = [fresh('acme'), fresh('acme'), fresh('acme')]
    await create(ada.call, { name: first, contact_email: emailOf(first), email: 'x@example.com' })
    expect((await ada.call('GET', pathOf(first))).json.email).toBe(emailOf(first))
    const fourth = fresh('acme')
    await create(ada.call, { name: fourth, contact_email: '', email: emailOf(fourth) })
    expect((await ada.call('GET', pathOf(fourth))).json.email).toBe(emailOf(fourth))
    expect((await create(ada.call, { name: second })).status).toBe(201)
    expect((await create(ada.call, { name: third, email: '' })).status).toBe(201)
    expect((await ada.call('GET', pathOf(second))).json.email).toBe('')
  })

  test('refuses names that break the rule or are taken by whoever', async () => {
    const ada = await newUser()
    const name = fresh('acme')
    await create(ada.call, { name })
    for (const bad of ['Acme', 'a', 'a/b', 'a+b', '-a', '', 'a'.repeat(256), ada.name, name])
      expect([bad, await outcome(create(ada.call, { name: bad }))]).toEqual([bad, refused])
  })

  test('refuses an address that is none, or that a user or an organization has', async () => {
    const ada = await newUser()
    const name = fresh('acme')
    await create(ada.call, { name, email: emailOf(name) })
    for (const email of ['none', 'a@b@c', `${ada.name}@example.com`, emailOf(name)])
      expect([email, await outcome(create(ada.call, { name: fresh('acme'), email }))]).toEqual([
        email,
        refused,
      ])
  })

  test('shares addresses with FEATURE_ORG_SHARED_EMAIL, users among each other not', async () => {
    const server = await startServer({ FEATURE_ORG_SHARED_EMAIL: 'true' })
    const { call } = await server.user('ada')
    for (const name of ['acme', 'bolt'])
      expect((await create(call, { name, email: 'ada@example.com' })).status).toBe(201)
    expect((await create(call, { name: 'cogs', email: 'office@example.com' })).status).toBe(201)
    const sent = { password: 'correct-horse', username: 'bob' }
    expect((await signUp(server, { ...sent, email: 'ada@example.com' })).status).toBe(400)
    expect((await signUp(server, { ...sent, email: 'office@example.com' })).status).toBe(200)
  })

  test('keeps users from the address of an organization', async () => {
    const ada = await newUser()
    const name = fresh('acme')
    const email = emailOf(name)
    await create(ada.call, { name, email })
    const sent = { username: fresh('bob'), password: 'correct-horse', email }
    expect(await outcome(signUp(shared(), sent))).toEqual(refused)
    const changed = ada.call('PUT', '/api/v1/user/', { body: { email } })
    expect(await outcome(changed)).toEqual(refused)
  })

  test('is for superusers alone with FEATURE_SUPERUSERS_ORG_CREATION_ONLY', async () => {
    const server = await startServer({ FEATURE_SUPERUSERS_ORG_CREATION_ONLY: 'true' })
    const { call } = await server.user('ada')
    const { call: root } = await server.user('root', { superuser: true })
    expect(await outcome(create(call, { name: 'acme' }))).toEqual([403, 'insufficient_scope'])
    expect((await create(root, { name: 'acme' })).status).toBe(201)
  })

  test('is not for restricted users', async () => {
    const server = await startServer({ FEATURE_RESTRICTED_USERS: 'true' })
    const { call } = await server.user('ada')
    expect(await outcome(create(call, { name: 'acme' }))).toEqual([403, 'insufficient_scope'])
  })
})

describe('getOrganization', () => {
  test('shows strangers the name and nothing else', async () => {
    const { name, user, admin } = await newOrganization(shared())
    await admin.call('PUT', pathOf(name), { body: { email: emailOf(name) } })
    const seen = {
      name,
      email: '',
      avatar: { name, kind: 'org', hash: expect.any(String), color: expect.any(String) },
      is_admin: false,
      is_member: false,
    }
    expect((await shared().call('GET', pathOf(name))).json).toEqual(seen)
    expect((await (await user()).call('GET', pathOf(name))).json).toEqual(seen)
  })

  test('shows members the teams, and administrators the settings', async () => {
    const organization = await newOrganization(shared())
    const { name, admin } = organization
    await organization.team('builders', 'creator')
    await organization.team('painters')
    const builder = await organization.member('builders')
    const { json } = await builder.call('GET', pathOf(name))
    expect(json).toMatchObject({ is_admin: false, is_member: true, email: '' })
    expect(json.ordered_teams).toEqual(['owners', 'builders', 'painters'])
    expect(json.teams.builders).toMatchObject({
      role: 'creator',
      can_view: true,
      member_count: 1,
      repo_count: 0,
      is_synced: false,
      avatar: { kind: 'team' },
    })
    expect(json.teams.painters).toMatchObject({ can_view: false, member_count: 0 })
    expect(json).not.toHaveProperty('tag_expiration_s')
    const settings = {
      invoice_email: false,
      invoice_email_address: null,
      tag_expiration_s: 1_209_600,
      is_free_account: true,
    }
    const full = (await admin.call('GET', pathOf(name))).json
    expect(full).toMatchObject({ is_admin: true, ...settings })
    expect(full.teams.painters.can_view).toBe(true)
  })

  test('shows with an OAuth token as much as its scopes leave', async () => {
    const { name, admin } = await newOrganization(shared())
    const seen = async (...scopes: Parameters<typeof mintToken>[2]) => {
      const token = await mintToken(shared(), admin.name, scopes)
      const { json } = await shared().withToken(token)('GET', pathOf(name))
      return [json.is_member, json.is_admin]
    }
    expect(await seen('repo:read')).toEqual([false, false])
    expect(await seen('repo:create')).toEqual([true, false])
    expect(await seen('org:admin')).toEqual([true, true])
  })

  test('shows superusers with full access and global read-only superusers everything', async () => {
    const server = await startServer({
      FEATURE_SUPERUSERS_FULL_ACCESS: 'true',
      GLOBAL_READONLY_SUPER_USERS: 'auditor',
    })
    const { call: root } = await server.user('root', { superuser: true })
    const { call: auditor } = await server.user('auditor')
    const { name } = await newOrganization(server)
    for (const call of [root, auditor])
      expect((await call('GET', pathOf(name))).json).toMatchObject({
        is_admin: true,
        is_member: true,
        teams: { owners: { can_view: true } },
        tag_expiration_s: 1_209_600,
      })
  })

  test('knows neither users nor what is not there', async () => {
    const ada = await newUser()
    for (const name of [ada.name, fresh('nothing')])
      expect(await outcome(ada.call('GET', pathOf(name)))).toEqual([404, 'not_found'])
  })
})

describe('changeOrganizationDetails', () => {
  test('changes what is sent, with an audit entry for each part', async () => {
    const { name, admin } = await newOrganization(shared())
    const put = async (body: object) => (await admin.call('PUT', pathOf(name), { body })).json
    const wanted = {
      invoice_email: true,
      invoice_email_address: 'bills@example.com',
      tag_expiration_s: 86_400,
    }
    expect(await put({ ...wanted, email: emailOf(name) })).toMatchObject({
      ...wanted,
      email: emailOf(name),
      ordered_teams: ['owners'],
    })
    await put({ contact_email: emailOf(name), invoice_email_address: 'bills@example.com' })
    expect(await put({ email: '' })).toMatchObject({ ...wanted, email: '' })
    const audit = await listAudit(shared(), name)
    expect(audit.map(({ kind, metadata }) => [kind, metadata])).toEqual([
      ['org_change_invoicing', { invoice_email: true, namespace: name }],
      ['org_change_invoicing', { invoice_email_address: 'bills@example.com', namespace: name }],
      ['org_change_email', { email: emailOf(name), old_email: null, namespace: name }],
      ['org_change_tag_expiration', { tag_expiration: 86_400, namespace: name }],
      ['org_change_email', { email: null, old_email: emailOf(name), namespace: name }],
    ])
  })

  test('changes nothing when one part is refused', async () => {
    const { name, admin } = await newOrganization(shared())
    const put = (body: object) => outcome(admin.call('PUT', pathOf(name), { body }))
    expect(await put({ invoice_email: true, tag_expiration_s: 7 })).toEqual(refused)
    expect(await put({ invoice_email: true, email: 'none' })).toEqual(refused)
    expect(await put({ invoice_email: true, email: `${admin.name}@example.com` })).toEqual(refused)
    expect((await admin.call('GET', pathOf(name))).json.invoice_email).toBe(false)
    expect(await listAudit(shared(), name)).toEqual([])
  })

  test('leaves the expiration of tags alone without FEATURE_CHANGE_TAG_EXPIRATION', async () => {
    const server = await startServer({ FEATURE_CHANGE_TAG_EXPIRATION: 'false' })
    const { name, admin } = await newOrganization(server)
    const { json } = await admin.call('PUT', pathOf(name), { body: { tag_expiration_s: 86_400 } })
    expect(json.tag_expiration_s).toBe(1_209_600)
  })

  test('is for administrators', async () => {
    const organization = await newOrganization(shared())
    await organization.team('builders', 'creator')
    const builder = await organization.member('builders')
    const put = (call: typeof builder.call, name: string) =>
      outcome(call('PUT', pathOf(name), { body: {} }))
    const denied = [403, 'insufficient_scope']
    expect(await put(builder.call, organization.name)).toEqual(denied)
    expect(await put(builder.call, fresh('nothing'))).toEqual(denied)
  })
})

test('a name that is wanted for a user and an organization at once is given to one of them', async () => {
  const ada = await newUser()
  for (let round = 0; round < 8; round += 1) {
    const name = fresh('wanted')
    const sent = { username: name, password: 'correct-horse', email: emailOf(name) }
    const answers = await Promise.all([
      outcome(create(ada.call, { name })),
      outcome(signUp(shared(), sent)),
      outcome(create(ada.call, { name })),
    ])
    expect(answers.filter(([status]) => status < 300)).toHaveLength(1)
    expect(answers.filter(([status]) => status === 400)).toHaveLength(2)
  }
})

test('an address that is wanted for a user and an organization at once is given to one of them', async () => {
  const ada = await newUser()
  for (let round = 0; round < 8; round += 1) {
    const name = fresh('wanted')
    const sent = { username: `${name}-user`, password: 'correct-horse', email: emailOf(name) }
    const answers = await Promise.all([
      outcome(create(ada.call, { name, email: emailOf(name) })),
      outcome(signUp(shared(), sent)),
      outcome(create(ada.call, { name: `${name}-org`, email: emailOf(name) })),
    ])
    expect(answers.filter(([status]) => status < 300)).toHaveLength(1)
  }
})
